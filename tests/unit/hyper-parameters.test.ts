import { describe, expect, it } from 'vitest';
import { families, findPreset, presets, settingsFor } from '../../src-main/contract/presets.ts';

describe('settings of a run', () => {
  it('start from the family, take the preset’s and then the user’s', () => {
    const settings = settingsFor(findPreset('mlp-gan-28'), { batchSize: 32 });
    expect(settings).toMatchObject({
      batchSize: 32,
      sampleEverySteps: 500,
      beta1: 0.5,
      recipe: 'steady',
      latentSize: 100,
    });
  });

  it('understand text, as the command line hands it over', () => {
    const settings = settingsFor(findPreset('dcgan-28'), {
      learningRate: '1e-4',
      horizontalFlip: 'true',
      batchSize: '16',
    });
    expect(settings).toMatchObject({ learningRate: 1e-4, horizontalFlip: true, batchSize: 16 });
  });

  it.each([
    ['batchSize', 0, 'setting-out-of-range'],
    ['batchSize', 12.5, 'setting-out-of-range'],
    ['batchSize', '', 'setting-out-of-range'],
    ['batchSize', 'many', 'setting-out-of-range'],
    ['learningRate', Number.NaN, 'setting-out-of-range'],
    ['horizontalFlip', 'perhaps', 'setting-out-of-range'],
    ['batchsize', 32, 'setting-unknown'],
  ])('refuse %s = %s by name', (key, value, code) => {
    expect(() => settingsFor(findPreset('dcgan-28'), { [key]: value })).toThrowError(
      expect.objectContaining({ code, details: expect.objectContaining({ key }) }),
    );
  });

  it('refuse a recipe that does not exist', () => {
    expect(() => settingsFor(findPreset('mlp-gan-28'), { recipe: 'secret' })).toThrowError(
      /steady, textbook/,
    );
  });
});

describe('presets', () => {
  it('are called after family, pixels and colour', () => {
    for (const preset of presets) {
      expect(preset.id).toBe(`${preset.family}-${preset.sizePx}${preset.channels === 3 ? '-rgb' : ''}`);
    }
    expect(presets.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'mlp-gan-28',
        'dcgan-28',
        'dcgan-32',
        'dcgan-32-rgb',
        'dcgan-64',
        'dcgan-64-rgb',
      ]),
    );
  });

  it('have settings that their own family accepts', () => {
    for (const preset of presets) expect(() => settingsFor(preset)).not.toThrow();
  });

  it('name the known ones when one is misspelt', () => {
    expect(() => findPreset('dcgan-29')).toThrowError(
      expect.objectContaining({ code: 'preset-unknown', message: expect.stringContaining('dcgan-28') }),
    );
  });

  it('are refused where each is allowed and they do not go together', () => {
    const settings = settingsFor(findPreset('vqvae-transformer-28'), { transformerSize: 90 });
    expect(() => families['vqvae-transformer'].requireFitting?.(settings)).toThrowError(
      expect.objectContaining({ code: 'setting-out-of-range', message: expect.stringContaining('multiple') }),
    );
  });

  it('explain every setting in both languages, those of sampling too', () => {
    for (const { parameters, sampling } of Object.values(families)) {
      const chosen = { learnClasses: true, generatorKind: 'style' };
      for (const { text } of [...parameters, ...(sampling?.(chosen) ?? [])]) {
        for (const { title, help } of [text.en, text.zh]) {
          expect(title.length).toBeGreaterThan(1);
          expect(help.length).toBeGreaterThan(5);
        }
      }
    }
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { families, familyIds } from '../../src-main/contract/presets.ts';
import { parameterGroups } from '../../src-main/contract/hyper-parameters.ts';
import { settingsPage, settingsSchemaOf } from '../../src-main/contract/settings-schema.ts';
import en from '../../src-renderer/i18n/en/runs.ts';
import zh from '../../src-renderer/i18n/zh/runs.ts';

describe('the page of all settings', () => {
  it('is what the declarations say; otherwise: npm run -s imago -- docs settings > docs/settings.md', () => {
    expect(readFileSync(join(import.meta.dirname, '../../docs/settings.md'), 'utf8')).toBe(settingsPage());
  });

  it.each(familyIds)('names every setting of %s', (id) => {
    for (const { key } of families[id].parameters) expect(settingsPage()).toContain(`\`${key}\``);
  });
});

describe.each(familyIds)('the settings of %s', (id) => {
  const { parameters } = families[id];

  it('are declared once each, in groups that the window shows, with units in both languages', () => {
    const keys = parameters.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const parameter of parameters) {
      if (parameter.group !== undefined) expect(parameterGroups).toContain(parameter.group);
      const unit = 'unit' in parameter ? parameter.unit : undefined;
      if (unit === undefined) continue;
      expect(en.unit).toHaveProperty(unit);
      expect(zh.unit).toHaveProperty(unit);
    }
  });

  it('have a JSON Schema with every range, choice and default, and nothing beside them', () => {
    const { properties, ...whole } = settingsSchemaOf(families[id]) as {
      properties: Record<string, Record<string, unknown>>;
    };
    expect(whole).toMatchObject({ type: 'object', additionalProperties: false });
    expect(Object.keys(properties)).toEqual(parameters.map(({ key }) => key));
    for (const parameter of parameters) {
      const property = properties[parameter.key]!;
      expect(property).toMatchObject({ default: parameter.default, title: parameter.text.en.title });
      if (parameter.type === 'number' || parameter.type === 'integer') {
        expect(property).toMatchObject({
          type: parameter.type,
          minimum: parameter.min,
          maximum: parameter.max,
        });
      } else if (parameter.type === 'choice') {
        expect(property.oneOf).toEqual(
          parameter.choices.map(({ value, en: title }) => ({ const: value, title })),
        );
      } else {
        expect(property.type).toBe('boolean');
      }
    }
  });
});

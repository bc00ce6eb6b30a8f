import { describe, expect, it } from 'vitest';
import { settingsAt } from '../../src-main/contract/domain/run-history.ts';
import { parseLiveSettings } from '../../src-main/contract/live-settings.ts';
import { families } from '../../src-main/contract/presets.ts';
import { createGradientWatch } from '../../src-main/engine/gradient-watch.ts';
import { createLiveSettings } from '../../src-main/engine/live-settings.ts';
import { bestCheckpoints } from '../../src-main/studio/run-checkpoints.ts';
import { nextToBegin, waitingFor } from '../../src-main/studio/run-devices.ts';
import { batchForMemory, deathOf } from '../../src-main/studio/run-memory.ts';
import { remedyFor } from '../../src-main/studio/run-settings.ts';
import { createMemoryWatch, silenceAllowedMs } from '../../src-main/studio/run-watchdog.ts';

const parameters = families['dcgan'].parameters;

describe('settings that change on the way', () => {
  it('hold from their step on, later ones over earlier ones, and not once they are undone', () => {
    const change = (step: number, to: number, undone = false) => ({ step, key: 'learningRate', to, undone });
    const changes = [change(50, 2), change(20, 1), change(60, 3, true), change(50, 4)];
    expect([0, 19, 20, 50, 99].map((step) => settingsAt({ learningRate: 0 }, changes, step))).toEqual(
      [0, 0, 1, 4, 4].map((learningRate) => ({ learningRate })),
    );
  });

  it('are checked like any, and only those that may change are taken', () => {
    expect(parseLiveSettings(parameters, { learningRate: '0.001' })).toEqual({ learningRate: 0.001 });
    expect(() => parseLiveSettings(parameters, { latentSize: 3 })).toThrowError(/Fork the run/);
    expect(() => parseLiveSettings(parameters, { nonsense: 3 })).toThrowError(/no setting “nonsense”/);
  });

  it('give way to a wish that comes before them', () => {
    const initial = { learningRate: 0.001, sampleEverySteps: 10 };
    const live = createLiveSettings(parameters, initial, [
      { step: 30, key: 'learningRate', to: 0.003 },
      { step: 30, key: 'sampleEverySteps', to: 5 },
    ]);
    expect(live.wish({ learningRate: 0.002 })).toEqual([{ key: 'learningRate', from: 0.001, to: 0.002 }]);
    const due = live.advance(30);
    expect(due).toEqual([{ key: 'sampleEverySteps', from: 10, to: 5 }]);
    expect(live.concernsModel(due)).toBe(false);
    expect(live.current).toEqual({ learningRate: 0.002, sampleEverySteps: 5 });
  });
});

describe('the watch over gradients', () => {
  it('finds what leaves its usual size far behind, once it knows what is usual', () => {
    const watch = createGradientWatch();
    expect(watch.look({ generatorGradientNorm: 1e9 }, 1000)).toBeNull();
    for (let step = 0; step < 150; step++) expect(watch.look({ generatorGradientNorm: 2 }, 1000)).toBeNull();
    expect(watch.look({ generatorGradientNorm: 1900, generatorLoss: 1e12 }, 1000)).toBeNull();
    expect(watch.look({ generatorGradientNorm: 2100 }, 0)).toBeNull();
    expect(watch.look({ generatorGradientNorm: 2100 }, 1000)).toEqual({
      name: 'generatorGradientNorm',
      norm: 2100,
      median: 2,
    });
  });

  it('leaves a gradient alone that had nearly vanished and comes back', () => {
    const watch = createGradientWatch();
    for (let step = 0; step < 150; step++) watch.look({ discriminatorGradientNorm: 1e-6 }, 1000);
    expect(watch.look({ discriminatorGradientNorm: 3 }, 1000)).toBeNull();
  });
});

describe('the watchdog', () => {
  it('says when memory keeps growing, and not when it settles', () => {
    const [growing, settled] = [createMemoryWatch(), createMemoryWatch()];
    let warning = null;
    for (let tick = 0; tick < 400; tick++) {
      warning = growing.look(300 + tick * 2);
      expect(settled.look(tick < 10 ? 900 : 300 + (tick % 7))).toBeNull();
    }
    expect(warning).toMatchObject({ kind: 'memory-growing' });
    expect(warning!.toMb).toBeGreaterThan(warning!.fromMb + 200);
  });

  it('waits longer where steps are slow', () => {
    expect(silenceAllowedMs(60, 20)).toBe(60_000);
    expect(silenceAllowedMs(60, 9000)).toBe(90_000);
    expect(silenceAllowedMs(60, null)).toBe(60_000);
  });
});

describe('the queue', () => {
  const run = (id: string, device: 'processor' | 'graphics') => ({ id, device });
  const queue = [run('a', 'graphics'), run('b', 'processor'), run('c', 'graphics')];

  it('lets each device take its own, in order, as many at once as allowed', () => {
    const busy = [run('x', 'graphics')];
    expect(nextToBegin(queue, busy, 1)).toEqual([run('b', 'processor')]);
    expect(nextToBegin(queue, busy, 2)).toEqual([run('a', 'graphics'), run('b', 'processor')]);
    expect(nextToBegin(queue, [], 4)).toEqual(queue);
  });

  it('says for each why it waits', () => {
    const busy = [{ ...run('x', 'graphics'), name: 'Leaves' }];
    expect(waitingFor('c', queue, busy, 1)).toEqual({
      kind: 'device-busy',
      device: 'graphics',
      running: ['Leaves'],
      atOnce: 1,
      place: 2,
    });
    expect(waitingFor('b', queue, busy, 1)).toBeNull();
    expect(waitingFor('z', queue, busy, 1)).toEqual({ kind: 'not-worked-off' });
  });
});

describe('a death of the engine', () => {
  const memory = { batch: 64, weights: 1e6, peakBytes: 9e8, freeBytes: 5e9, systemKilled: false };
  const end = { exitCode: null, signal: null, output: '' };

  it('names the signal where memory had no part in it', () => {
    expect(deathOf({ ...end, signal: 'SIGSEGV' }, memory)).toMatchObject({
      code: 'engine-crashed',
      details: { signal: 'SIGSEGV' },
      message: expect.stringContaining('SIGSEGV'),
    });
    expect(deathOf({ ...end, signal: 'SIGKILL' }, memory)).toMatchObject({ code: 'engine-crashed' });
  });

  it.each([
    ['killed by the system', { ...end, signal: 'SIGKILL' as const }, { systemKilled: true, freeBytes: 1e8 }],
    ['ended as a shell reports it', { ...end, exitCode: 137 }, { freeBytes: 1e8 }],
    ['ended by a full heap', { ...end, exitCode: 134, output: 'JavaScript heap out of memory' }, {}],
  ])('for want of memory (%s) says what it needed and had, and a batch that fits', (_how, how, about) => {
    const death = deathOf(how, { ...memory, ...about });
    expect(death).toMatchObject({ code: 'out-of-memory', details: { batch: 64, reason: 'try-batch' } });
    const { neededBytes, hadBytes, suggestedBatch } = death.details;
    expect(Number(neededBytes)).toBeGreaterThan(Number(hadBytes));
    expect([2, 4, 8, 16, 32]).toContain(suggestedBatch);
  });

  it('suggests no batch where not even the smallest fits', () => {
    expect(batchForMemory({ batch: 64, weights: 1e8 }, 4e9, 2e9)).toBeNull();
    expect(batchForMemory({ batch: 64, weights: 1e6 }, 2e9, 1.5e9)).toBe(32);
  });
});

describe('a remedy', () => {
  const run = { family: 'dcgan' as const, changes: [], settings: {} };

  it('halves the learning rate, from the lower of before and after', () => {
    const failure = { code: 'numbers-not-finite' as const, message: '', details: {} };
    const settings = { learningRate: 0.01 };
    const remedy = remedyFor(failure, { ...run, settings }, { learningRate: 0.0004 }, 100);
    expect(remedy?.wanted).toEqual({ learningRate: 0.0002 });
  });

  it('makes up for smaller batches with more of them', () => {
    const failure = { code: 'out-of-memory' as const, message: '', details: { suggestedBatch: 8 } };
    const settings = { batchSize: 32, gradientAccumulation: 2 };
    expect(remedyFor(failure, { ...run, settings }, settings, 0)?.wanted).toEqual({
      batchSize: 8,
      gradientAccumulation: 8,
    });
    const none = { ...failure, details: {} };
    expect(remedyFor(none, { ...run, settings }, settings, 0)).toBeNull();
  });
});

describe('the best checkpoint', () => {
  it('is told by the metric of the family, among the good ones', () => {
    const of = (step: number, score: number | null, good = true) => ({ step, score, good });
    const rows = [of(1, 5), of(2, 3, false), of(3, 4), of(4, null)];
    expect(bestCheckpoints('vae', rows).map(({ step }) => step)).toEqual([3, 1]);
    expect(bestCheckpoints('dcgan', rows)).toEqual([]);
  });

  it('can be kept exactly where a family has such a metric', () => {
    for (const family of Object.values(families)) {
      const isKept = family.parameters.some(({ key }) => key === 'keepBestCheckpoints');
      expect({ family: family.id, isKept }).toEqual({
        family: family.id,
        isKept: family.bestMetric !== undefined,
      });
    }
  });
});

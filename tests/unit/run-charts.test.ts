import { describe, expect, test } from 'vitest';
import type { MetricPoint, RunEvent } from '../../src-main/contract/domain/runs.ts';
import { nearest, pushApart } from '../../src-renderer/charts/annotations.ts';
import { decimate, spread } from '../../src-renderer/charts/decimation.ts';
import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import type { FamilyId } from '../../src-main/contract/presets.ts';
import { chartsOf } from '../../src-renderer/charts/definitions.ts';
import { diagnoseNumbers } from '../../src-renderer/charts/diagnosis.ts';
import { smooth } from '../../src-renderer/charts/smoothing.ts';
import { pictureFit, snapTile } from '../../src-renderer/components/picture-fit.ts';
import { applyRunEvent, emptyRecord } from '../../src-renderer/stores/run-record.ts';

const line = (count: number, y: (x: number) => number) =>
  Array.from({ length: count }, (_, x) => ({ x, y: y(x) }));
const point = (step: number, values: Record<string, number> = {}): MetricPoint => ({
  step,
  trainedMs: step,
  values,
});
const sheet = (step: number) => ({ step, columns: 8, rows: 8, createdAt: 0 });

describe('a long run in a narrow chart', () => {
  test('keeps a spike of a single step, and both ends', () => {
    const points = line(100_000, (x) => (x === 51_234 ? 40 : Math.sin(x)));
    const drawn = decimate(points, 300);
    expect(drawn.length).toBeLessThanOrEqual(602);
    expect(drawn).toContainEqual({ x: 51_234, y: 40 });
    expect(drawn[0]).toEqual(points[0]);
    expect(drawn.at(-1)).toEqual(points.at(-1));
  });

  test('draws its points from left to right', () => {
    const drawn = decimate(
      line(5000, (x) => Math.cos(x * 7)),
      100,
    );
    expect(drawn.every(({ x }, index) => index === 0 || x > drawn[index - 1].x)).toBe(true);
  });

  test('leaves a short line as it is', () => {
    const points = line(50, (x) => x);
    expect(decimate(points, 300)).toEqual(points);
  });

  test('shows the first and the last measurement in its table', () => {
    const rows = spread([...Array(1001).keys()], 100);
    expect(rows).toHaveLength(100);
    expect([rows[0], rows.at(-1)]).toEqual([0, 1000]);
  });
});

describe('the smoothed line', () => {
  test('starts at the first value and stays on a constant', () => {
    expect(
      smooth(
        line(20, () => 3),
        5,
      ).every(({ y }) => Math.abs(y - 3) < 1e-9),
    ).toBe(true);
  });

  test('has come half of the way after one half-life', () => {
    const settled = 10_000;
    const step = smooth(
      line(settled + 8, (x) => (x < settled ? 0 : 1)),
      8,
    );
    expect(step.at(-1)?.y).toBeCloseTo(0.5, 6);
  });
});

describe('labels at the line ends', () => {
  test('never touch each other or leave the chart', () => {
    const placed = pushApart([100, 101, 99, 5], 15, 4, 104);
    const sorted = [...placed].sort((a, b) => a - b);
    expect(sorted.every((y, index) => index === 0 || y - sorted[index - 1] >= 15)).toBe(true);
    expect(sorted[0]).toBeGreaterThanOrEqual(4);
    expect(sorted.at(-1)).toBeLessThanOrEqual(104);
  });

  test('speak of the measurement nearest to the crosshair', () => {
    const points = [0, 10, 20].map((x) => ({ x, y: x }));
    expect(nearest(points, 14)?.x).toBe(10);
    expect(nearest(points, 16)?.x).toBe(20);
    expect(nearest(points, 900)?.x).toBe(20);
    expect(nearest([], 1)).toBeUndefined();
  });
});

describe('what the studio says about the numbers', () => {
  const after = (step: number, real: number, generated: number, gradient = 1) =>
    diagnoseNumbers(
      Array.from({ length: 20 }, (_, index) =>
        point(step - 19 + index, {
          realScore: real,
          generatedScore: generated,
          generatorGradientNorm: gradient,
        }),
      ),
    ).finding;

  test('waits for the first numbers, then for the first steps', () => {
    expect(diagnoseNumbers([]).finding).toBe('waitingForNumbers');
    expect(after(60, 0.9, 0.1)).toBe('justStarted');
  });

  test('tells a balance from a lead, and a lead from a rout', () => {
    expect(after(3000, 0.6, 0.4)).toBe('balance');
    expect(after(3000, 0.88, 0.12)).toBe('discriminatorAhead');
    expect(after(3000, 0.99, 0.01)).toBe('discriminatorFarAhead');
    expect(after(3000, 0.35, 0.65)).toBe('generatorAhead');
  });

  test('notices a generator that gets no correction any more', () => {
    expect(after(3000, 0.6, 0.4, 1e-6)).toBe('generatorFlat');
  });

  test('reads a critic by its distance, once its slope can be trusted', () => {
    const critic = (slope: number, distanceAt: (index: number) => number) =>
      diagnoseNumbers(
        Array.from({ length: 60 }, (_, index) =>
          point(1000 + index, { discriminatorSlope: slope, wassersteinDistance: distanceAt(index) }),
        ),
      ).finding;
    expect(critic(1.1, (index) => 20 - index / 5)).toBe('distanceFalling');
    expect(critic(1.1, () => 8)).toBe('distanceSteady');
    expect(critic(9, (index) => 20 - index / 5)).toBe('slopeRunsAway');
  });

  test('reads an autoencoder by what it loses, and notices latents that say nothing', () => {
    const autoencoder = (divergence: number, lossAt: (index: number) => number) =>
      diagnoseNumbers(
        Array.from({ length: 60 }, (_, index) =>
          point(1000 + index, { klDivergence: divergence, reconstructionLoss: lossAt(index) }),
        ),
      ).finding;
    expect(autoencoder(20, (index) => 200 - 2 * index)).toBe('reconstructionFalling');
    expect(autoencoder(20, () => 80)).toBe('reconstructionSteady');
    expect(autoencoder(0.01, () => 200)).toBe('latentsUnused');
  });

  test('shows each family the charts of the numbers that it has', () => {
    const metrics = (family: FamilyId) =>
      chartsOf(family).flatMap(({ series }) => series.map(({ metric }) => metric));
    expect(metrics('dcgan')).toContain('realScore');
    expect(metrics('wgan-gp')).toContain('wassersteinDistance');
    expect(metrics('wgan-gp')).not.toContain('realScore');
    expect(metrics('vae')).toContain('klDivergence');
    expect(metrics('vae')).not.toContain('generatorLoss');
  });

  test('shows how augmentation doses itself where it does, and the learning rate everywhere', () => {
    const ids = (settings: Settings) => chartsOf('dcgan', settings).map(({ id }) => id);
    expect(ids({ discriminatorAugmentation: 'adaptive' })).toEqual(
      expect.arrayContaining(['dose', 'sureness', 'learningRate']),
    );
    expect(ids({ discriminatorAugmentation: 'always' })).not.toContain('dose');
    expect(ids({})).toContain('learningRate');
  });
});

describe('a watched run', () => {
  const replay = (...events: RunEvent[]) => events.reduce(applyRunEvent, emptyRecord);

  test('drops what lies after the checkpoint it went back to', () => {
    const record = replay(
      { type: 'metrics', points: [point(10), point(20), point(30)] },
      { type: 'samples', sheets: [sheet(0), sheet(25)] },
      { type: 'rewound', step: 20 },
      { type: 'metrics', points: [point(30)] },
    );
    expect(record.points.map(({ step }) => step)).toEqual([10, 20, 30]);
    expect(record.sheets.map(({ step }) => step)).toEqual([0]);
  });

  test('shows each step once when a new connection tells it again', () => {
    const record = replay(
      { type: 'samples', sheets: [sheet(0), sheet(25)] },
      { type: 'samples', sheets: [sheet(0), sheet(25), sheet(50)] },
    );
    expect(record.sheets.map(({ step }) => step)).toEqual([0, 25, 50]);
  });
});

describe('a small picture on a large screen', () => {
  test('grows by a whole factor where that nearly fills the space', () => {
    expect(pictureFit({ widthPx: 28, heightPx: 28 }, 140)).toEqual({
      width: '140px',
      height: '140px',
      imageRendering: 'pixelated',
    });
    expect(pictureFit({ widthPx: 28, heightPx: 28 }, 130).width).toBe('112px');
  });

  test('fills the space where a whole factor would leave much of it empty', () => {
    expect(pictureFit({ widthPx: 64, heightPx: 64 }, 96).width).toBe('96px');
  });

  test('gets a tile of whole pixels', () => {
    expect(snapTile(128, 28)).toBe(140);
    expect(snapTile(128, 64)).toBe(128);
    expect(snapTile(32, 64)).toBe(32);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { optimisationParameters } from '../../src-main/contract/families/optimisation-parameters.ts';
import { resolveSettings, type Settings } from '../../src-main/contract/hyper-parameters.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { batchOf, overBatches } from '../../src-main/engine/optimisation/accumulation.ts';
import { createOptimiser } from '../../src-main/engine/optimisation/optimiser.ts';
import { averageDecayAt, learningRateShareAt } from '../../src-main/engine/optimisation/schedule.ts';

const settingsOf = (chosen: Settings) =>
  resolveSettings(optimisationParameters, { learningRate: 0.1, beta1: 0.5, beta2: 0.9 }, chosen);
const start = [0.5, -1.5, 3];
const gradientAt = (step: number) => [0.4 + step * 0.1, -2, 0.05];

/** The papers' rules for one number, in plain arithmetic. */
const rules: Record<string, (x: number, gradients: number[], decay: number) => number> = {
  sgd: (x, gradients, decay) => {
    let velocity = 0;
    for (const gradient of gradients) {
      velocity = 0.5 * velocity + gradient + decay * x;
      x -= 0.1 * velocity;
    }
    return x;
  },
  rmsprop: (x, gradients, decay) => {
    let square = 0;
    for (const gradient of gradients) {
      const whole = gradient + decay * x;
      square = 0.9 * square + 0.1 * whole ** 2;
      x -= (0.1 * whole) / (Math.sqrt(square) + 1e-8);
    }
    return x;
  },
  adam: (x, gradients, decay) => adam(x, gradients, 0, decay),
  adamw: (x, gradients, decay) => adam(x, gradients, decay, 0),
};

function adam(x: number, gradients: number[], apart: number, joined: number): number {
  let [first, second] = [0, 0];
  gradients.forEach((gradient, index) => {
    const whole = gradient + joined * x;
    first = 0.5 * first + 0.5 * whole;
    second = 0.9 * second + 0.1 * whole ** 2;
    const corrected = first / (1 - 0.5 ** (index + 1));
    const scale = Math.sqrt(second / (1 - 0.9 ** (index + 1))) + 1e-8;
    x -= 0.1 * apart * x + (0.1 * corrected) / scale;
  });
  return x;
}

const kinds = Object.keys(rules);

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await buildKernels();
    await openBackend(backend, { threads: 1 });
  }, 60_000);

  const makeWeights = () => new Map([['layer.weights', tf.tidy(() => tf.variable(tf.tensor1d(start)))]]);
  const stepWith = (optimiser: ReturnType<typeof createOptimiser>, values: number[], step: number) =>
    tf.tidy(() => optimiser.step([tf.tensor1d(values)], step));

  it.each(kinds.flatMap((kind) => [0, 0.01].map((weightDecay) => ({ kind, weightDecay }))))(
    '$kind with weight decay $weightDecay moves as its paper says',
    ({ kind, weightDecay }) => {
      const weights = makeWeights();
      const optimiser = createOptimiser(weights, settingsOf({ optimiser: kind, weightDecay }));
      for (let step = 0; step < 4; step++) stepWith(optimiser, gradientAt(step), step);
      const moved = weights.get('layer.weights')!.dataSync();
      start.forEach((x, index) => {
        const gradients = [0, 1, 2, 3].map((step) => gradientAt(step)[index]!);
        expect(moved[index]).toBeCloseTo(rules[kind]!(x, gradients, weightDecay), 4);
      });
      optimiser.dispose();
      tf.dispose([...weights.values()]);
    },
  );

  it.each(kinds)('%s goes on from its slots and its count to the same bytes', (kind) => {
    const settings = settingsOf({ optimiser: kind, schedule: 'cosine', scheduleSteps: 8, warmUpSteps: 2 });
    const weights = makeWeights();
    const optimiser = createOptimiser(weights, settings);
    for (let step = 0; step < 3; step++) stepWith(optimiser, gradientAt(step), step);
    const slots = new Map([...optimiser.slots()].map(([name, slot]) => [name, slot.arraySync()]));
    const middle = weights.get('layer.weights')!.arraySync();
    for (let step = 3; step < 6; step++) stepWith(optimiser, gradientAt(step), step);

    const others = makeWeights();
    const resumed = createOptimiser(others, settings);
    tf.tidy(() => {
      others.get('layer.weights')!.assign(tf.tensor(middle));
      for (const [name, slot] of resumed.slots()) slot.assign(tf.tensor(slots.get(name)!));
    });
    resumed.count = 3;
    for (let step = 3; step < 6; step++) stepWith(resumed, gradientAt(step), step);
    expect(others.get('layer.weights')!.dataSync()).toEqual(weights.get('layer.weights')!.dataSync());
    for (const each of [optimiser, resumed]) each.dispose();
    tf.dispose([...weights.values(), ...others.values()]);
  });

  it('shortens a gradient that is longer than allowed, keeps its direction, and tells its true length', () => {
    const moved = (gradient: number[], gradientClip: number) => {
      const weights = makeWeights();
      const optimiser = createOptimiser(weights, settingsOf({ optimiser: 'sgd', gradientClip }));
      const told = stepWith(optimiser, gradient, 0);
      const values = [...weights.get('layer.weights')!.dataSync()].map(
        (value, index) => value - start[index]!,
      );
      optimiser.dispose();
      tf.dispose([...weights.values()]);
      return { values, told };
    };
    const { values, told } = moved([3, 4, 0], 1);
    expect(told.gradientNorm).toBeCloseTo(5, 5);
    [-0.06, -0.08, 0].forEach((value, index) => expect(values[index]).toBeCloseTo(value, 5));
    expect(moved([0.3, 0.4, 0], 1).values).toEqual(moved([0.3, 0.4, 0], 0).values);
  });

  it('keeps no tensor from step to step', () => {
    for (const kind of kinds) {
      const weights = makeWeights();
      const average = makeWeights();
      const optimiser = createOptimiser(
        weights,
        settingsOf({ optimiser: kind, weightDecay: 0.1, gradientClip: 0.1 }),
      );
      const step = (at: number) => tf.tidy(() => optimiser.step([tf.tensor1d(gradientAt(at))], at, average));
      step(0);
      const before = tf.memory().numTensors;
      step(1);
      expect(tf.memory().numTensors).toBe(before);
      optimiser.dispose();
      tf.dispose([...weights.values(), ...average.values()]);
    }
  });

  it('averages the gradients and the scalars of several batches into those of one large one', () => {
    const images = tf.tensor4d([1, 2, 3, 4, 5, 6], [6, 1, 1, 1]);
    const draws: number[] = [];
    const result = tf.tidy(() => {
      const { gradients, values } = overBatches({ gradientAccumulation: 3 }, 7, (batch, draw) => {
        draws.push(draw);
        const part = batchOf(images, undefined, batch, 3).images;
        const mean = tf.mean(part);
        return { gradients: [mean], values: { seen: mean.dataSync()[0]! } };
      });
      return { gradient: gradients[0]!.dataSync()[0]!, values };
    });
    expect(result).toEqual({ gradient: 3.5, values: { seen: 3.5 } });
    expect(draws).toEqual([21, 22, 23]);
    images.dispose();
  });
});

describe('the learning rate over time', () => {
  const shares = (chosen: Settings, steps: number[]) =>
    steps.map((step) => learningRateShareAt(settingsOf(chosen), step));

  it('stays where nothing else is said', () => {
    expect(shares({}, [0, 10, 1e6])).toEqual([1, 1, 1]);
  });

  it('grows from nothing while it warms up', () => {
    expect(shares({ warmUpSteps: 4 }, [0, 1, 2, 3, 4])).toEqual([0.25, 0.5, 0.75, 1, 1]);
  });

  it('falls along a line to its lowest share, and stays there', () => {
    const line = { schedule: 'linear', scheduleSteps: 100, finalLearningRateShare: 0.2 };
    shares(line, [0, 50, 100, 500]).forEach((share, index) =>
      expect(share).toBeCloseTo([1, 0.6, 0.2, 0.2][index]!, 10),
    );
  });

  it('falls along half a cosine: slowly, fast, slowly; from the end of the warm-up on', () => {
    const wave = { schedule: 'cosine', scheduleSteps: 110, warmUpSteps: 10, finalLearningRateShare: 0 };
    shares(wave, [10, 35, 60, 85, 110, 111]).forEach((share, index) =>
      expect(share).toBeCloseTo([1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2, 0, 0][index]!, 10),
    );
  });
});

describe('the moving average', () => {
  it('is half new after its half-life', () => {
    const decay = averageDecayAt(settingsOf({ averageHalfLifeSteps: 50 }), 1_000_000);
    expect(decay ** 50).toBeCloseTo(0.5, 10);
  });

  it('forgets the start faster, unless told not to', () => {
    const settings = settingsOf({ averageHalfLifeSteps: 1000 });
    expect(averageDecayAt(settings, 0)).toBeCloseTo(0.1);
    expect(averageDecayAt({ ...settings, averageRampUp: false }, 0)).toBeCloseTo(0.9993, 4);
  });

  it('is read from runs that gave it as a share per step', () => {
    const settings = settingsOf({ averageDecay: 0.995 });
    expect(averageDecayAt(settings, 1_000_000)).toBeCloseTo(0.995, 12);
    expect(averageDecayAt(settingsOf({ averageDecay: 0 }), 100)).toBe(0);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import type { ProbeJob } from '../contract/engine-messages.ts';
import type { EngineReport } from '../contract/engine-reports.ts';
import type { BackendId } from '../contract/domain/backends.ts';
import { StudioError } from '../contract/errors.ts';
import type { BackendHandle } from './backends/backend.ts';
import { createAdam } from './ops/adam.ts';
import { convolution, dense, transposedConvolution } from './ops/layers.ts';
import { normals } from './random.ts';

/**
 * The losses of the probe's network after its steps 1, 5, 10 and 20, from the plain JavaScript backend. It has no
 * kinks, so that rounding stays rounding.
 */
export const knownLosses: readonly (readonly [step: number, loss: number])[] = [
  [1, 1.341198],
  [5, 0.728593],
  [10, 0.273944],
  [20, 0.0533721],
];

/** How far a backend may be off, relative to the loss: each rounds and adds up in an order of its own. */
const tolerance: Readonly<Record<BackendId, number>> = {
  tensorflow: 2e-3,
  webgpu: 2e-3,
  wasm: 1e-3,
  cpu: 1e-5,
};

/** The first steps also compile and set up; they are left out of the median where others follow. */
const warmUpSteps = 5;

/**
 * Trains a tiny network of convolutions on the opened backend, compares its losses with the known ones, and
 * reports `probe`, then `finished`.
 *
 * @throws StudioError `backend-unavailable` when the backend computes something else
 */
export async function probe(
  job: ProbeJob,
  backend: BackendHandle,
  report: (report: EngineReport) => Promise<void>,
): Promise<void> {
  const { losses, durations } = trainTinyNetwork(job.steps);
  for (const [step, known] of knownLosses) {
    const loss = losses[step - 1];
    if (loss === undefined) continue;
    // Written so that NaN is refused too.
    if (Math.abs(loss - known) <= tolerance[backend.id] * known) continue;
    throw new StudioError(
      'backend-unavailable',
      `${backend.device} computes wrongly: the loss after step ${step} of the probe is ${loss}, and should be ${known}. Update its driver, or use another backend.`,
      { backend: backend.id, reason: 'wrong-losses', device: backend.device, step, found: loss, known },
    );
  }
  const counted = durations.slice(Math.min(warmUpSteps, durations.length - 1)).sort((a, b) => a - b);
  const stepMs = counted[counted.length >> 1] ?? null;
  const {
    vendor = '',
    memoryBytes = null,
    software = false,
    adapters = [],
    halfPrecision = false,
  } = backend.accelerator ?? {};
  await report({
    report: 'probe',
    device: { name: backend.device, vendor, memoryBytes, software, adapters: [...adapters], halfPrecision },
    stepMs,
    remark: backend.reason,
  });
  const trainedMs = durations.reduce((sum, duration) => sum + duration, 0);
  await report({ report: 'finished', outcome: 'completed', step: job.steps, trainedMs, stepMs });
}

const batch = 8;
const sidePx = 8;

/** Loss and milliseconds of each step, on the current backend; every number in it comes from fixed seeds. */
export function trainTinyNetwork(steps: number): { losses: number[]; durations: number[] } {
  const values = (name: string, shape: number[], deviation: number) =>
    tf.tensor(
      normals(1, `probe/${name}`, 0, tf.util.sizeFromShape(shape)).map((value) => value * deviation),
      shape,
    );
  const variables: tf.Variable[] = tf.tidy(() =>
    [
      values('reduce', [3, 3, 1, 8], 0.3),
      tf.zeros([8]),
      values('enlarge', [4, 4, 4, 8], 0.15),
      tf.zeros([4]),
      values('score', [sidePx * sidePx * 4, 1], 0.1),
      tf.zeros([1]),
    ].map((value) => tf.variable(value)),
  );
  const [reduce, reduceBias, enlarge, enlargeBias, score, scoreBias] = variables as tf.Tensor[] as [
    tf.Tensor4D,
    tf.Tensor1D,
    tf.Tensor4D,
    tf.Tensor1D,
    tf.Tensor2D,
    tf.Tensor1D,
  ];
  const images = values('images', [batch, sidePx, sidePx, 1], 1) as tf.Tensor4D;
  const targets = values('targets', [batch, 1], 1);
  const adam = createAdam(variables, {
    learningRate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  const loss = () => {
    const small = convolution(images, reduce, reduceBias, 2, 'tanh');
    const large = transposedConvolution(small, enlarge, enlargeBias, 2, 'sigmoid');
    const scores = dense(tf.reshape(large, [batch, sidePx * sidePx * 4]), score, scoreBias, 'linear');
    return tf.mean(tf.square(tf.sub(scores, targets))) as tf.Scalar;
  };
  const losses: number[] = [];
  const durations: number[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      const beganAt = performance.now();
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(loss, variables);
        adam.step(grads);
        losses.push(value.dataSync()[0]!);
      });
      durations.push(performance.now() - beganAt);
    }
  } finally {
    adam.dispose();
    tf.dispose([...variables, images, targets]);
  }
  return { losses, durations };
}

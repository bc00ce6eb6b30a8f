/**
 * Measures the training kernels: products and convolutions in GFLOP/s, and one training step of a small
 * DCGAN for 28x28 pictures. Run with `node tests/bench/kernels.ts [wide|relaxed|plain|none] [threads]`.
 */
import * as tf from '@tensorflow/tfjs-core';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { createAdam } from '../../src-main/engine/ops/adam.ts';
import {
  batchNormalization,
  convolution,
  dense,
  relu,
  transposedConvolution,
} from '../../src-main/engine/ops/layers.ts';
import { meanBinaryCrossEntropyWithLogits } from '../../src-main/engine/ops/losses.ts';

const batchSize = 64;
const latentSize = 100;

await buildKernels();
const started = performance.now();
const choices = ['best', 'wide', 'relaxed', 'plain', 'none'] as const;
const kernels = choices.find((choice) => choice === process.argv[2]) ?? 'best';
const handle = await openBackend('wasm', { kernels, threads: Number(process.argv[3] ?? 1) });
console.log(`${handle.device}, opened in ${(performance.now() - started).toFixed(0)} ms`);
if (handle.reason) console.log(handle.reason);

/** Median and fastest time of a run, in milliseconds, after a warm-up. */
function measure(run: () => void, runs: number): { medianMs: number; bestMs: number } {
  for (let i = 0; i < Math.max(2, runs / 4); i++) run();
  const times = Array.from({ length: runs }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return { medianMs: times[runs >> 1], bestMs: times[0] };
}

function report(name: string, flops: number, run: () => void): void {
  const { medianMs, bestMs } = measure(() => tf.tidy(() => void run()), 20);
  const rate = (ms: number) => (flops / ms / 1e6).toFixed(1).padStart(6);
  console.log(`${name.padEnd(52)} ${rate(medianMs)} GFLOP/s median, ${rate(bestMs)} best`);
}

const random = (...shape: number[]) => tf.randomUniform(shape, -1, 1, 'float32', 1);
for (const [rows, columns, depth] of [
  [512, 512, 512],
  [64, 3136, 100],
  [100, 3136, 64],
]) {
  const left = random(rows, depth);
  const right = random(depth, columns);
  const transposed = random(depth, rows);
  const flops = 2 * rows * columns * depth;
  report(`product ${rows}x${columns}x${depth}`, flops, () => tf.matMul(left, right));
  report(`product ${rows}x${columns}x${depth}, left transposed`, flops, () =>
    tf.matMul(transposed, right, true),
  );
}
for (const [sizePx, inputs, outputs] of [
  [28, 1, 32],
  [14, 32, 64],
  [32, 64, 128],
]) {
  const picture = random(batchSize, sizePx, sizePx, inputs) as tf.Tensor4D;
  const filter = random(4, 4, inputs, outputs) as tf.Tensor4D;
  const flops = 2 * batchSize * (sizePx / 2) ** 2 * 16 * inputs * outputs;
  report(`convolution ${sizePx}x${sizePx} ${inputs} -> ${outputs}, 4x4 stride 2`, flops, () =>
    convolution(picture, filter, null, 2, 'linear'),
  );
}

const parameter = (name: string, shape: number[], mean = 0, deviation = 0.05) =>
  tf.variable(tf.randomNormal(shape, mean, deviation, 'float32', 2), true, name);
const generator = {
  w0: parameter('g/w0', [latentSize, 7 * 7 * 64]) as tf.Variable<tf.Rank.R2>,
  b0: parameter('g/b0', [7 * 7 * 64], 0, 0) as tf.Variable<tf.Rank.R1>,
  gamma0: parameter('g/gamma0', [64], 1) as tf.Variable<tf.Rank.R1>,
  beta0: parameter('g/beta0', [64], 0, 0) as tf.Variable<tf.Rank.R1>,
  w1: parameter('g/w1', [4, 4, 32, 64]) as tf.Variable<tf.Rank.R4>,
  gamma1: parameter('g/gamma1', [32], 1) as tf.Variable<tf.Rank.R1>,
  beta1: parameter('g/beta1', [32], 0, 0) as tf.Variable<tf.Rank.R1>,
  w2: parameter('g/w2', [4, 4, 1, 32]) as tf.Variable<tf.Rank.R4>,
  b2: parameter('g/b2', [1], 0, 0) as tf.Variable<tf.Rank.R1>,
};
const discriminator = {
  w0: parameter('d/w0', [4, 4, 1, 32]) as tf.Variable<tf.Rank.R4>,
  b0: parameter('d/b0', [32], 0, 0) as tf.Variable<tf.Rank.R1>,
  w1: parameter('d/w1', [4, 4, 32, 64]) as tf.Variable<tf.Rank.R4>,
  b1: parameter('d/b1', [64], 0, 0) as tf.Variable<tf.Rank.R1>,
  w2: parameter('d/w2', [7 * 7 * 64, 1]) as tf.Variable<tf.Rank.R2>,
  b2: parameter('d/b2', [1], 0, 0) as tf.Variable<tf.Rank.R1>,
};

function generate(latents: tf.Tensor2D): tf.Tensor4D {
  const g = generator;
  const hidden = tf.reshape(dense(latents, g.w0, g.b0, 'linear'), [-1, 7, 7, 64]) as tf.Tensor4D;
  const first = relu(batchNormalization(hidden, g.gamma0, g.beta0, 1e-5).y);
  const wide = transposedConvolution(first, g.w1, null, 2, 'linear');
  const second = relu(batchNormalization(wide, g.gamma1, g.beta1, 1e-5).y);
  return transposedConvolution(second, g.w2, g.b2, 2, 'tanh');
}

function judge(pictures: tf.Tensor4D): tf.Tensor2D {
  const d = discriminator;
  const first = convolution(pictures, d.w0, d.b0, 2, 'leakyRelu');
  const second = convolution(first, d.w1, d.b1, 2, 'leakyRelu');
  return dense(tf.reshape(second, [-1, 7 * 7 * 64]) as tf.Tensor2D, d.w2, d.b2, 'linear');
}

const settings = { learningRate: 2e-4, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 };
const generatorVariables = Object.values(generator) as tf.Variable[];
const discriminatorVariables = Object.values(discriminator) as tf.Variable[];
const generatorAdam = createAdam(generatorVariables, settings);
const discriminatorAdam = createAdam(discriminatorVariables, settings);
const real = random(batchSize, 28, 28, 1) as tf.Tensor4D;
const noise = Array.from({ length: 8 }, () => random(batchSize, latentSize) as tf.Tensor2D);
let turn = 0;

function step(): void {
  tf.tidy(() => {
    const fakes = generate(noise[turn++ % noise.length]);
    const { grads } = tf.variableGrads(() => {
      const loss = tf.add(
        meanBinaryCrossEntropyWithLogits(judge(real), 1),
        meanBinaryCrossEntropyWithLogits(judge(fakes), 0),
      );
      return loss as tf.Scalar;
    }, discriminatorVariables);
    discriminatorAdam.step(grads);
  });
  tf.tidy(() => {
    const { grads } = tf.variableGrads(
      () => meanBinaryCrossEntropyWithLogits(judge(generate(noise[turn++ % noise.length])), 1),
      generatorVariables,
    );
    generatorAdam.step(grads);
  });
}

const before = handle.memory();
const runs = kernels === 'none' ? 3 : 60;
const { medianMs, bestMs } = measure(step, runs);
const grown = handle.memory().tensors - before.tensors;
const cpuStart = process.cpuUsage();
for (let i = 0; i < runs / 3; i++) step();
const cpuUsed = process.cpuUsage(cpuStart);
const cpuMs = (cpuUsed.user + cpuUsed.system) / 1000 / Math.ceil(runs / 3);
console.log(
  `DCGAN 28x28, batch ${batchSize}: ${medianMs.toFixed(1)} ms a step (median), ${bestMs.toFixed(1)} best, ` +
    `${cpuMs.toFixed(1)} of processor time; ${grown} tensors left over`,
);

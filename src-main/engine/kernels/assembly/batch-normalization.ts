/**
 * Batch normalization in training (Ioffe and Szegedy 2015) of x[rows, channels] over its rows, and, for
 * several groups of rows that are normalized each by itself, instance normalization (Ulyanov et al. 2016).
 * Threads share the groups or the channels, so no sum is ever split.
 */
import { multiplyAdd, rangeStart } from './vector';

@unmanaged
export class BatchNormalizationJob {
  rows: i32;
  channels: i32;
  input: u32;
  scale: u32;
  shift: u32;
  output: u32;
  mean: u32;
  /** Biased variance, as the normalization itself uses it. */
  variance: u32;
  /** Groups of `rows` rows that follow one another, each with statistics of its own. */
  groups: i32;
  epsilon: f32;
}

@unmanaged
export class BatchNormalizationGradientJob {
  rows: i32;
  channels: i32;
  input: u32;
  scale: u32;
  mean: u32;
  variance: u32;
  gradient: u32;
  inputGradient: u32;
  scaleGradient: u32;
  shiftGradient: u32;
  /** Groups of `rows` rows that follow one another, each with statistics of its own. */
  groups: i32;
  epsilon: f32;
}

/** Rows summed before the sum is added to the total, which bounds rounding in a large batch. */
const ROW_BLOCK: i32 = 128;

export function batchNormalizationScratch(channels: i32): usize {
  return <usize>(channels + 8) * 4 * 4;
}

/**
 * Adds to sums[c] the sum of a - offset[c] and to products[c] the sum of (a - offset[c]) * b over all
 * rows, where b is a - offset[c] itself when `second` is 0, and otherwise the roles are: plain sum of
 * `second`, and its product with a - offset[c].
 */
function sumRows(
  first: usize,
  second: usize,
  offsets: usize,
  rows: i32,
  stride: usize,
  from: i32,
  to: i32,
  sums: usize,
  products: usize,
): void {
  for (let c = from; c < to; c++) {
    f32.store(sums + c * 4, 0);
    f32.store(products + c * 4, 0);
  }
  for (let row = 0; row < rows; row += ROW_BLOCK) {
    const end = min(ROW_BLOCK, rows - row);
    const base = <usize>row * stride;
    let c = from;
    for (; c + 8 <= to; c += 8) {
      const at = <usize>c * 4;
      const offset0 = v128.load(offsets + at);
      const offset1 = v128.load(offsets + at, 16);
      let sum0 = f32x4.splat(0);
      let sum1 = sum0;
      let product0 = sum0;
      let product1 = sum0;
      let source = first + base + at;
      let other = second + base + at;
      for (let r = 0; r < end; r++) {
        const value0 = f32x4.sub(v128.load(source), offset0);
        const value1 = f32x4.sub(v128.load(source, 16), offset1);
        const other0 = second != 0 ? v128.load(other) : value0;
        const other1 = second != 0 ? v128.load(other, 16) : value1;
        sum0 = f32x4.add(sum0, other0);
        sum1 = f32x4.add(sum1, other1);
        product0 = multiplyAdd(value0, other0, product0);
        product1 = multiplyAdd(value1, other1, product1);
        source += stride;
        other += stride;
      }
      v128.store(sums + at, f32x4.add(v128.load(sums + at), sum0));
      v128.store(sums + at, f32x4.add(v128.load(sums + at, 16), sum1), 16);
      v128.store(products + at, f32x4.add(v128.load(products + at), product0));
      v128.store(products + at, f32x4.add(v128.load(products + at, 16), product1), 16);
    }
    for (; c < to; c++) {
      const at = <usize>c * 4;
      const offset = f32.load(offsets + at);
      let sum: f32 = 0;
      let product: f32 = 0;
      let source = first + base + at;
      let other = second + base + at;
      for (let r = 0; r < end; r++) {
        const value = f32.load(source) - offset;
        const weight = second != 0 ? f32.load(other) : value;
        sum += weight;
        product += value * weight;
        source += stride;
        other += stride;
      }
      f32.store(sums + at, f32.load(sums + at) + sum);
      f32.store(products + at, f32.load(products + at) + product);
    }
  }
}

export function batchNormalization(job: BatchNormalizationJob, index: i32, count: i32, scratch: usize): void {
  const byGroups = job.groups > 1;
  const from = byGroups ? 0 : rangeStart(job.channels, 16, index, count);
  const to = byGroups ? job.channels : rangeStart(job.channels, 16, index + 1, count);
  if (from >= to) return;
  const lastGroup = byGroups ? rangeStart(job.groups, 1, index + 1, count) : 1;
  for (let group = byGroups ? rangeStart(job.groups, 1, index, count) : 0; group < lastGroup; group++) {
    normalizeGroup(job, group, from, to, scratch);
  }
}

/** output = (x - mean) / sqrt(variance + epsilon) * scale + shift, and the two statistics. */
function normalizeGroup(job: BatchNormalizationJob, group: i32, from: i32, to: i32, scratch: usize): void {
  const channels = job.channels;
  const rows = job.rows;
  const stride = <usize>channels * 4;
  const skipped = <usize>(group * rows) * stride;
  const input = <usize>job.input + skipped;
  const output = <usize>job.output + skipped;
  const mean = <usize>job.mean + <usize>group * stride;
  const variance = <usize>job.variance + <usize>group * stride;
  const shift = <usize>job.shift;
  const factors = scratch;
  // Measuring from the first row keeps the variance exact where the mean is far from zero.
  sumRows(input, 0, input, rows, stride, from, to, mean, variance);
  for (let c = from; c < to; c++) {
    const at = <usize>c * 4;
    const offset = f32.load(mean + at) / <f32>rows;
    const spread = max<f32>(0, f32.load(variance + at) / <f32>rows - offset * offset);
    f32.store(variance + at, spread);
    f32.store(mean + at, offset + f32.load(input + at));
    f32.store(factors + at, f32.load(<usize>job.scale + at) / sqrt<f32>(spread + job.epsilon));
  }
  for (let row = 0; row < rows; row++) {
    const base = <usize>row * stride;
    let c = from;
    for (; c + 4 <= to; c += 4) {
      const at = <usize>c * 4;
      const value = f32x4.sub(v128.load(input + base + at), v128.load(mean + at));
      v128.store(output + base + at, multiplyAdd(value, v128.load(factors + at), v128.load(shift + at)));
    }
    for (; c < to; c++) {
      const at = <usize>c * 4;
      const value = f32.load(input + base + at) - f32.load(mean + at);
      f32.store(output + base + at, value * f32.load(factors + at) + f32.load(shift + at));
    }
  }
}

export function batchNormalizationGradient(
  job: BatchNormalizationGradientJob,
  index: i32,
  count: i32,
  scratch: usize,
): void {
  const byGroups = job.groups > 1;
  const from = byGroups ? 0 : rangeStart(job.channels, 16, index, count);
  const to = byGroups ? job.channels : rangeStart(job.channels, 16, index + 1, count);
  if (from >= to) return;
  const lastGroup = byGroups ? rangeStart(job.groups, 1, index + 1, count) : 1;
  for (let group = byGroups ? rangeStart(job.groups, 1, index, count) : 0; group < lastGroup; group++) {
    groupGradient(job, group, from, to, scratch);
  }
}

/**
 * With n = (x - mean) / sqrt(variance + epsilon):
 * shift' = sum dy; scale' = sum dy n;
 * x' = scale / sqrt(variance + epsilon) * (dy - shift' / rows - n scale' / rows).
 */
function groupGradient(
  job: BatchNormalizationGradientJob,
  group: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  const channels = job.channels;
  const rows = job.rows;
  const stride = <usize>channels * 4;
  const skipped = <usize>(group * rows) * stride;
  const input = <usize>job.input + skipped;
  const gradient = <usize>job.gradient + skipped;
  const output = <usize>job.inputGradient + skipped;
  const mean = <usize>job.mean + <usize>group * stride;
  const variance = <usize>job.variance + <usize>group * stride;
  const scaleGradient = <usize>job.scaleGradient + <usize>group * stride;
  const shiftGradient = <usize>job.shiftGradient + <usize>group * stride;
  const factors = scratch;
  const slopes = factors + (<usize>channels + 8) * 4;
  const constants = slopes + (<usize>channels + 8) * 4;
  sumRows(input, gradient, mean, rows, stride, from, to, shiftGradient, scaleGradient);
  for (let c = from; c < to; c++) {
    const at = <usize>c * 4;
    const inverse: f32 = <f32>1 / sqrt<f32>(f32.load(variance + at) + job.epsilon);
    const product = f32.load(scaleGradient + at) * inverse;
    const factor = f32.load(<usize>job.scale + at) * inverse;
    f32.store(scaleGradient + at, product);
    f32.store(factors + at, factor);
    f32.store(slopes + at, (-factor * inverse * product) / <f32>rows);
    f32.store(constants + at, (-factor * f32.load(shiftGradient + at)) / <f32>rows);
  }
  for (let row = 0; row < rows; row++) {
    const base = <usize>row * stride;
    let c = from;
    for (; c + 4 <= to; c += 4) {
      const at = <usize>c * 4;
      const value = f32x4.sub(v128.load(input + base + at), v128.load(mean + at));
      const rest = multiplyAdd(value, v128.load(slopes + at), v128.load(constants + at));
      const change = multiplyAdd(v128.load(gradient + base + at), v128.load(factors + at), rest);
      v128.store(output + base + at, change);
    }
    for (; c < to; c++) {
      const at = <usize>c * 4;
      const value = f32.load(input + base + at) - f32.load(mean + at);
      const rest = value * f32.load(slopes + at) + f32.load(constants + at);
      f32.store(output + base + at, f32.load(gradient + base + at) * f32.load(factors + at) + rest);
    }
  }
}

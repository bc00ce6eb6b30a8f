/** Softmax and its logarithm over rows, and the gradients of both; threads share the rows. */
import { exponential, logarithm, multiplyAdd, rangeStart } from './vector';

@unmanaged
export class SoftmaxJob {
  rows: i32;
  columns: i32;
  input: u32;
  output: u32;
  /** Whether the logarithm of the softmax is meant. */
  logarithm: i32;
}

@unmanaged
export class SoftmaxGradientJob {
  rows: i32;
  columns: i32;
  /** What the forward kernel gave. */
  result: u32;
  gradient: u32;
  output: u32;
  logarithm: i32;
}

@inline
function lanesSum(value: v128): f32 {
  const pairs = f32x4.add(value, v128.shuffle<i64>(value, value, 1, 0));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

@inline
function exponentialOf(value: f32): f32 {
  return f32x4.extract_lane(exponential(f32x4.splat(value)), 0);
}

export function softmax(job: SoftmaxJob, index: i32, count: i32): void {
  const columns = job.columns;
  const end = rangeStart(job.rows, 1, index + 1, count);
  for (let row = rangeStart(job.rows, 1, index, count); row < end; row++) {
    const input = <usize>job.input + ((<usize>row * columns) << 2);
    const output = <usize>job.output + ((<usize>row * columns) << 2);
    let largest: f32 = f32.load(input);
    let c = 0;
    if (columns >= 4) {
      let most = v128.load(input);
      for (c = 4; c + 4 <= columns; c += 4) most = f32x4.max(most, v128.load(input + (<usize>c << 2)));
      largest = max(
        max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
        max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
      );
    }
    for (; c < columns; c++) largest = max(largest, f32.load(input + (<usize>c << 2)));
    const shift = f32x4.splat(largest);
    let sums = f32x4.splat(0);
    for (c = 0; c + 4 <= columns; c += 4) {
      const at = <usize>c << 2;
      const grown = exponential(f32x4.sub(v128.load(input + at), shift));
      sums = f32x4.add(sums, grown);
      if (!job.logarithm) v128.store(output + at, grown);
    }
    let sum = lanesSum(sums);
    for (; c < columns; c++) {
      const at = <usize>c << 2;
      const grown = exponentialOf(f32.load(input + at) - largest);
      sum += grown;
      if (!job.logarithm) f32.store(output + at, grown);
    }
    if (job.logarithm) {
      const total = f32x4.extract_lane(logarithm(f32x4.splat(sum)), 0);
      const totals = f32x4.splat(total);
      for (c = 0; c + 4 <= columns; c += 4) {
        const at = <usize>c << 2;
        v128.store(output + at, f32x4.sub(f32x4.sub(v128.load(input + at), shift), totals));
      }
      for (; c < columns; c++) {
        const at = <usize>c << 2;
        f32.store(output + at, f32.load(input + at) - largest - total);
      }
    } else {
      const share: f32 = <f32>1 / sum;
      const shares = f32x4.splat(share);
      for (c = 0; c + 4 <= columns; c += 4) {
        const at = <usize>c << 2;
        v128.store(output + at, f32x4.mul(v128.load(output + at), shares));
      }
      for (; c < columns; c++) {
        const at = <usize>c << 2;
        f32.store(output + at, f32.load(output + at) * share);
      }
    }
  }
}

/** y (dy - sum of dy y) for the softmax y; dy - e^y (sum of dy) for its logarithm y. */
export function softmaxGradient(job: SoftmaxGradientJob, index: i32, count: i32): void {
  const columns = job.columns;
  const end = rangeStart(job.rows, 1, index + 1, count);
  for (let row = rangeStart(job.rows, 1, index, count); row < end; row++) {
    const skipped = (<usize>row * columns) << 2;
    const result = <usize>job.result + skipped;
    const gradient = <usize>job.gradient + skipped;
    const output = <usize>job.output + skipped;
    let sums = f32x4.splat(0);
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      const at = <usize>c << 2;
      const dy = v128.load(gradient + at);
      sums = job.logarithm ? f32x4.add(sums, dy) : multiplyAdd(dy, v128.load(result + at), sums);
    }
    let sum = lanesSum(sums);
    for (; c < columns; c++) {
      const at = <usize>c << 2;
      const dy = f32.load(gradient + at);
      sum += job.logarithm ? dy : dy * f32.load(result + at);
    }
    const total = f32x4.splat(sum);
    for (c = 0; c + 4 <= columns; c += 4) {
      const at = <usize>c << 2;
      const dy = v128.load(gradient + at);
      const y = v128.load(result + at);
      const value = job.logarithm
        ? f32x4.sub(dy, f32x4.mul(exponential(y), total))
        : f32x4.mul(y, f32x4.sub(dy, total));
      v128.store(output + at, value);
    }
    for (; c < columns; c++) {
      const at = <usize>c << 2;
      const dy = f32.load(gradient + at);
      const y = f32.load(result + at);
      f32.store(output + at, job.logarithm ? dy - exponentialOf(y) * sum : y * (dy - sum));
    }
  }
}

/** Sums, means and largest values over the middle axis of [outer, reduced, inner]; threads share the results. */
import { rangeStart } from './vector';

export const enum Reduction {
  Sum = 0,
  Mean = 1,
  Largest = 2,
}

@unmanaged
export class AxisReductionJob {
  reduction: i32;
  outer: i32;
  reduced: i32;
  inner: i32;
  input: u32;
  output: u32;
}

/** Rows added up before they join the total, so that rounding grows with the root of a long run only. */
const RUN: i32 = 128;

export function axisReduction(job: AxisReductionJob, index: i32, count: i32): void {
  const inner = job.inner;
  const units = inner == 1 ? job.outer : job.outer * ((inner + 15) / 16);
  const from = rangeStart(units, 1, index, count);
  const to = rangeStart(units, 1, index + 1, count);
  if (inner == 1) {
    for (let row = from; row < to; row++) {
      const input = <usize>job.input + ((<usize>row * job.reduced) << 2);
      const value = job.reduction == Reduction.Largest ? largestOf(input, job.reduced) : sumOf(input, job.reduced);
      const divisor: f32 = job.reduction == Reduction.Mean ? <f32>job.reduced : 1;
      f32.store(<usize>job.output + (<usize>row << 2), value / divisor);
    }
    return;
  }
  const groups = (inner + 15) / 16;
  for (let unit = from; unit < to; unit++) {
    const block = unit / groups;
    const column = (unit - block * groups) * 16;
    reduceColumns(job, block, column, min(inner, column + 16));
  }
}

function sumOf(input: usize, length: i32): f32 {
  let total: f32 = 0;
  for (let start = 0; start < length; start += RUN * 4) {
    const end = min(length, start + RUN * 4);
    let sums = f32x4.splat(0);
    let i = start;
    for (; i + 4 <= end; i += 4) sums = f32x4.add(sums, v128.load(input + (<usize>i << 2)));
    const pairs = f32x4.add(sums, v128.shuffle<i64>(sums, sums, 1, 0));
    let sum = f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
    for (; i < end; i++) sum += f32.load(input + (<usize>i << 2));
    total += sum;
  }
  return total;
}

function largestOf(input: usize, length: i32): f32 {
  let most: f32 = f32.load(input);
  for (let i = 1; i < length; i++) most = max(most, f32.load(input + (<usize>i << 2)));
  return most;
}

function reduceColumns(job: AxisReductionJob, block: i32, from: i32, to: i32): void {
  const stride = <usize>job.inner << 2;
  const base = <usize>job.input + <usize>block * job.reduced * stride;
  const output = <usize>job.output + <usize>block * stride;
  const largest = job.reduction == Reduction.Largest;
  const divisor: f32 = job.reduction == Reduction.Mean ? <f32>job.reduced : 1;
  let c = from;
  for (; c + 4 <= to; c += 4) {
    let source = base + (<usize>c << 2);
    if (largest) {
      let most = v128.load(source);
      for (let r = 1; r < job.reduced; r++) {
        source += stride;
        most = f32x4.max(most, v128.load(source));
      }
      v128.store(output + (<usize>c << 2), most);
      continue;
    }
    let total = f32x4.splat(0);
    for (let start = 0; start < job.reduced; start += RUN) {
      const rows = min(RUN, job.reduced - start);
      let sum = f32x4.splat(0);
      for (let r = 0; r < rows; r++) {
        sum = f32x4.add(sum, v128.load(source));
        source += stride;
      }
      total = f32x4.add(total, sum);
    }
    v128.store(output + (<usize>c << 2), f32x4.div(total, f32x4.splat(divisor)));
  }
  for (; c < to; c++) {
    let source = base + (<usize>c << 2);
    let most = f32.load(source);
    let total: f32 = 0;
    for (let start = 0; start < job.reduced; start += RUN) {
      const rows = min(RUN, job.reduced - start);
      let sum: f32 = 0;
      for (let r = 0; r < rows; r++) {
        const value = f32.load(source);
        most = max(most, value);
        sum += value;
        source += stride;
      }
      total += sum;
    }
    f32.store(output + (<usize>c << 2), largest ? most : total / divisor);
  }
}

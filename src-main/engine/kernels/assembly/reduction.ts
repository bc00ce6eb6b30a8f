/** Sums over rows or over everything. Row sums are kept in blocks, so rounding grows with the square
 * root of a short run and not of the whole batch. */
import { rangeStart } from './vector';

@unmanaged
export class ColumnSumJob {
  rows: i32;
  columns: i32;
  input: u32;
  output: u32;
}

@unmanaged
export class SquareSumJob {
  length: i32;
  input: u32;
  /** Address of one 64-bit float, aligned to 8. */
  output: u32;
}

@unmanaged
export class RowScatterJob {
  /** Rows of the input, and indices. */
  rows: i32;
  columns: i32;
  input: u32;
  /** One 32-bit integer per row; rows whose index is outside the output are left out. */
  indices: u32;
  output: u32;
  outputRows: i32;
}

const ROW_BLOCK: i32 = 128;

export function columnSumScratch(job: ColumnSumJob): usize {
  return <usize>job.columns * 4;
}

/** output[c] = sum over rows of input[row, c]. */
export function columnSum(job: ColumnSumJob, index: i32, count: i32, scratch: usize): void {
  const from = rangeStart(job.columns, 16, index, count);
  const to = rangeStart(job.columns, 16, index + 1, count);
  if (from >= to) return;
  const stride = <usize>job.columns * 4;
  const output = <usize>job.output;
  for (let c = from; c < to; c++) f32.store(output + c * 4, 0);
  for (let row = 0; row < job.rows; row += ROW_BLOCK) {
    const rows = min(ROW_BLOCK, job.rows - row);
    const block = <usize>job.input + <usize>row * stride;
    let c = from;
    for (; c + 16 <= to; c += 16) {
      let sum0 = f32x4.splat(0);
      let sum1 = sum0;
      let sum2 = sum0;
      let sum3 = sum0;
      let source = block + c * 4;
      for (let r = 0; r < rows; r++) {
        sum0 = f32x4.add(sum0, v128.load(source));
        sum1 = f32x4.add(sum1, v128.load(source, 16));
        sum2 = f32x4.add(sum2, v128.load(source, 32));
        sum3 = f32x4.add(sum3, v128.load(source, 48));
        source += stride;
      }
      const total = output + c * 4;
      v128.store(total, f32x4.add(v128.load(total), sum0));
      v128.store(total, f32x4.add(v128.load(total, 16), sum1), 16);
      v128.store(total, f32x4.add(v128.load(total, 32), sum2), 32);
      v128.store(total, f32x4.add(v128.load(total, 48), sum3), 48);
    }
    for (; c < to; c++) {
      let even: f32 = 0;
      let odd: f32 = 0;
      let source = block + c * 4;
      let r = 0;
      for (; r + 2 <= rows; r += 2) {
        even += f32.load(source);
        odd += f32.load(source + stride);
        source += 2 * stride;
      }
      if (r < rows) even += f32.load(source);
      f32.store(output + c * 4, f32.load(output + c * 4) + (even + odd));
    }
  }
}

/** Sum of squares in 64 bits. Finite exactly when every float is finite: no f32 square overflows f64. */
export function squareSum(job: SquareSumJob, index: i32): void {
  if (index != 0) return;
  let sum0 = f64x2.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  let source = <usize>job.input;
  let i = 0;
  for (; i + 8 <= job.length; i += 8) {
    const a = v128.load(source);
    const b = v128.load(source, 16);
    const a0 = f64x2.promote_low_f32x4(a);
    const a1 = f64x2.promote_low_f32x4(v128.shuffle<i64>(a, a, 1, 1));
    const b0 = f64x2.promote_low_f32x4(b);
    const b1 = f64x2.promote_low_f32x4(v128.shuffle<i64>(b, b, 1, 1));
    sum0 = f64x2.add(sum0, f64x2.mul(a0, a0));
    sum1 = f64x2.add(sum1, f64x2.mul(a1, a1));
    sum2 = f64x2.add(sum2, f64x2.mul(b0, b0));
    sum3 = f64x2.add(sum3, f64x2.mul(b1, b1));
    source += 32;
  }
  const sum = f64x2.add(f64x2.add(sum0, sum1), f64x2.add(sum2, sum3));
  let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  for (; i < job.length; i++) {
    const value = <f64>f32.load(source);
    total += value * value;
    source += 4;
  }
  f64.store(job.output, total);
}

/** output[indices[row]] = sum of those rows of the input, in their order; threads share the columns. */
export function rowScatter(job: RowScatterJob, index: i32, count: i32): void {
  const from = rangeStart(job.columns, 16, index, count);
  const to = rangeStart(job.columns, 16, index + 1, count);
  if (from >= to) return;
  const stride = <usize>job.columns * 4;
  const start = <usize>from * 4;
  const bytes = <usize>(to - from) * 4;
  for (let row = 0; row < job.outputRows; row++) {
    memory.fill(<usize>job.output + <usize>row * stride + start, 0, bytes);
  }
  for (let row = 0; row < job.rows; row++) {
    const chosen = load<i32>(<usize>job.indices + <usize>row * 4);
    if (<u32>chosen >= <u32>job.outputRows) continue;
    const source = <usize>job.input + <usize>row * stride;
    const target = <usize>job.output + <usize>chosen * stride;
    let at = start;
    for (; at + 16 <= start + bytes; at += 16) {
      v128.store(target + at, f32x4.add(v128.load(target + at), v128.load(source + at)));
    }
    for (; at < start + bytes; at += 4) {
      f32.store(target + at, f32.load(target + at) + f32.load(source + at));
    }
  }
}

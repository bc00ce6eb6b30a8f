/**
 * Moves elements without changing them: a block of up to six axes, copied from one regular pattern of
 * addresses to another. Slices, pads, concatenations, tiles, transposes and the like are blocks of this kind.
 */
import { rangeStart } from './vector';

/** Strides are in elements of four bytes; those of the source may be negative or 0. */
@unmanaged
export class BlockCopyJob {
  source: u32;
  target: u32;
  extent0: i32;
  extent1: i32;
  extent2: i32;
  extent3: i32;
  /** The rows, which threads share together with the axes before them. */
  rows: i32;
  columns: i32;
  sourceStride0: i32;
  sourceStride1: i32;
  sourceStride2: i32;
  sourceStride3: i32;
  sourceRowStride: i32;
  sourceColumnStride: i32;
  targetStride0: i32;
  targetStride1: i32;
  targetStride2: i32;
  targetStride3: i32;
  targetRowStride: i32;
  targetColumnStride: i32;
}

@unmanaged
export class FillJob {
  length: i32;
  output: u32;
  /** What each element becomes, bit for bit. */
  bits: i32;
}

export function fill(job: FillJob, index: i32, count: i32): void {
  const end = rangeStart(job.length, 16, index + 1, count);
  let i = rangeStart(job.length, 16, index, count);
  const values = i32x4.splat(job.bits);
  for (; i + 4 <= end; i += 4) v128.store(<usize>job.output + <usize>i * 4, values);
  for (; i < end; i++) i32.store(<usize>job.output + <usize>i * 4, job.bits);
}

export function blockCopy(job: BlockCopyJob, index: i32, count: i32): void {
  const rows = job.rows;
  const blocks = job.extent0 * job.extent1 * job.extent2 * job.extent3;
  // Fours of rows stay together for the transposing copy.
  const total = blocks * rows;
  const from = rangeStart(total, rows % 4 == 0 ? 4 : 1, index, count);
  const to = rangeStart(total, rows % 4 == 0 ? 4 : 1, index + 1, count);
  for (let at = from; at < to;) {
    const block = at / rows;
    const row = at - block * rows;
    const part = min(rows - row, to - at);
    let rest = block;
    const i3 = rest % job.extent3;
    rest /= job.extent3;
    const i2 = rest % job.extent2;
    rest /= job.extent2;
    const i1 = rest % job.extent1;
    const i0 = rest / job.extent1;
    const source =
      i0 * job.sourceStride0 +
      i1 * job.sourceStride1 +
      i2 * job.sourceStride2 +
      i3 * job.sourceStride3 +
      row * job.sourceRowStride;
    const target =
      i0 * job.targetStride0 +
      i1 * job.targetStride1 +
      i2 * job.targetStride2 +
      i3 * job.targetStride3 +
      row * job.targetRowStride;
    copyRows(job, <usize>job.source + (<usize>source << 2), <usize>job.target + (<usize>target << 2), part);
    at += part;
  }
}

function copyRows(job: BlockCopyJob, source: usize, target: usize, rows: i32): void {
  const columns = job.columns;
  const sourceRow = <usize>job.sourceRowStride << 2;
  const targetRow = <usize>job.targetRowStride << 2;
  if (job.targetColumnStride == 1) {
    if (job.sourceColumnStride == 1) {
      for (let r = 0; r < rows; r++) {
        copyRow(source, target, columns);
        source += sourceRow;
        target += targetRow;
      }
      return;
    }
    if (job.sourceRowStride == 1 && job.sourceColumnStride > 1) {
      transposeRows(source, target, rows, columns, <usize>job.sourceColumnStride << 2, targetRow);
      return;
    }
  }
  const sourceColumn = <usize>job.sourceColumnStride << 2;
  const targetColumn = <usize>job.targetColumnStride << 2;
  for (let r = 0; r < rows; r++) {
    let from = source;
    let to = target;
    for (let c = 0; c < columns; c++) {
      i32.store(to, i32.load(from));
      from += sourceColumn;
      to += targetColumn;
    }
    source += sourceRow;
    target += targetRow;
  }
}

@inline
function copyRow(source: usize, target: usize, length: i32): void {
  const end = target + (<usize>length << 2);
  for (; target + 16 <= end; target += 16, source += 16) v128.store(target, v128.load(source));
  for (; target < end; target += 4, source += 4) i32.store(target, i32.load(source));
}

/** Columns of the source become rows of the target, four by four. */
function transposeRows(
  source: usize,
  target: usize,
  rows: i32,
  columns: i32,
  sourceColumn: usize,
  targetRow: usize,
): void {
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    let from = source + (<usize>r << 2);
    let to = target + <usize>r * targetRow;
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      const a = v128.load(from);
      const b = v128.load(from + sourceColumn);
      const d = v128.load(from + 2 * sourceColumn);
      const e = v128.load(from + 3 * sourceColumn);
      const low0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const high0 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      const low1 = v128.shuffle<i32>(d, e, 0, 4, 1, 5);
      const high1 = v128.shuffle<i32>(d, e, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<i64>(low0, low1, 0, 2));
      v128.store(to + targetRow, v128.shuffle<i64>(low0, low1, 1, 3));
      v128.store(to + 2 * targetRow, v128.shuffle<i64>(high0, high1, 0, 2));
      v128.store(to + 3 * targetRow, v128.shuffle<i64>(high0, high1, 1, 3));
      from += 4 * sourceColumn;
      to += 16;
    }
    for (; c < columns; c++) {
      i32.store(to, i32.load(from));
      i32.store(to + targetRow, i32.load(from, 4));
      i32.store(to + 2 * targetRow, i32.load(from, 8));
      i32.store(to + 3 * targetRow, i32.load(from, 12));
      from += sourceColumn;
      to += 4;
    }
  }
  for (; r < rows; r++) {
    let from = source + (<usize>r << 2);
    let to = target + <usize>r * targetRow;
    for (let c = 0; c < columns; c++) {
      i32.store(to, i32.load(from));
      from += sourceColumn;
      to += 4;
    }
  }
}

/** Copies pieces of matrices into the panel order that the micro kernel reads front to back. */
import { BLOCK_COLUMNS, BLOCK_ROWS } from './micro-kernel';

/** Of one step of the depth in a panel of a right side. */
const STEP_BYTES: usize = <usize>BLOCK_COLUMNS * 4;

/** Bytes of a list of row addresses. */
export const ROW_LIST_BYTES: usize = 32;

@inline
function zipLow(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}
@inline
function zipHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}
@inline
function joinLow(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 2);
}
@inline
function joinHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 1, 3);
}

/**
 * Interleaves `length` floats of each of the BLOCK_ROWS rows whose addresses stand at `rows` into
 * `panel`; returns the address after the last float written.
 */
export function packRows(rows: usize, length: i32, panel: usize): usize {
  let row0 = <usize>load<u32>(rows);
  let row1 = <usize>load<u32>(rows, 4);
  let row2 = <usize>load<u32>(rows, 8);
  let row3 = <usize>load<u32>(rows, 12);
  let row4 = <usize>load<u32>(rows, 16);
  let row5 = ASC_FEATURE_RELAXED_SIMD ? <usize>load<u32>(rows, 20) : 0;
  let k = 0;
  for (; k + 4 <= length; k += 4) {
    const a = v128.load(row0);
    const b = v128.load(row1);
    const c = v128.load(row2);
    const d = v128.load(row3);
    const e = v128.load(row4);
    const ab0 = zipLow(a, b);
    const ab1 = zipHigh(a, b);
    const cd0 = zipLow(c, d);
    const cd1 = zipHigh(c, d);
    if (ASC_FEATURE_RELAXED_SIMD) {
      const f = v128.load(row5);
      const ef0 = zipLow(e, f);
      const ef1 = zipHigh(e, f);
      v128.store(panel, joinLow(ab0, cd0));
      v128.store64_lane(panel, ef0, 0, 16);
      v128.store(panel, joinHigh(ab0, cd0), 24);
      v128.store64_lane(panel, ef0, 1, 40);
      v128.store(panel, joinLow(ab1, cd1), 48);
      v128.store64_lane(panel, ef1, 0, 64);
      v128.store(panel, joinHigh(ab1, cd1), 72);
      v128.store64_lane(panel, ef1, 1, 88);
      row5 += 16;
    } else {
      v128.store(panel, joinLow(ab0, cd0));
      v128.store32_lane(panel, e, 0, 16);
      v128.store(panel, joinHigh(ab0, cd0), 20);
      v128.store32_lane(panel, e, 1, 36);
      v128.store(panel, joinLow(ab1, cd1), 40);
      v128.store32_lane(panel, e, 2, 56);
      v128.store(panel, joinHigh(ab1, cd1), 60);
      v128.store32_lane(panel, e, 3, 76);
    }
    row0 += 16;
    row1 += 16;
    row2 += 16;
    row3 += 16;
    row4 += 16;
    panel += BLOCK_ROWS * 16;
  }
  for (; k < length; k++) {
    f32.store(panel, f32.load(row0));
    f32.store(panel, f32.load(row1), 4);
    f32.store(panel, f32.load(row2), 8);
    f32.store(panel, f32.load(row3), 12);
    f32.store(panel, f32.load(row4), 16);
    if (ASC_FEATURE_RELAXED_SIMD) {
      f32.store(panel, f32.load(row5), 20);
      row5 += 4;
    }
    row0 += 4;
    row1 += 4;
    row2 += 4;
    row3 += 4;
    row4 += 4;
    panel += BLOCK_ROWS * 4;
  }
  return panel;
}

/**
 * One panel of A: rows [row, row + rows) and depth [depth, depth + length) of the product's left side.
 * `width` is the stored row length. A panel that is short of rows repeats the first one; its surplus
 * results are never stored.
 */
export function packLeft(
  transposed: bool,
  matrix: usize,
  width: i32,
  row: i32,
  rows: i32,
  depth: i32,
  length: i32,
  panel: usize,
  rowList: usize,
): void {
  if (!transposed) {
    for (let i = 0; i < BLOCK_ROWS; i++) {
      const source = i < rows ? row + i : row;
      store<u32>(rowList + i * 4, <u32>(matrix + (<usize>source * width + depth) * 4));
    }
    packRows(rowList, length, panel);
    return;
  }
  let source = matrix + (<usize>depth * width + row) * 4;
  const stride = <usize>width * 4;
  if (rows == BLOCK_ROWS) {
    for (let k = 0; k < length; k++) {
      v128.store(panel, v128.load(source));
      if (ASC_FEATURE_RELAXED_SIMD) i64.store(panel, i64.load(source, 16), 16);
      else i32.store(panel, i32.load(source, 16), 16);
      source += stride;
      panel += BLOCK_ROWS * 4;
    }
    return;
  }
  for (let k = 0; k < length; k++) {
    for (let i = 0; i < BLOCK_ROWS; i++) f32.store(panel + i * 4, i < rows ? f32.load(source + i * 4) : 0);
    source += stride;
    panel += BLOCK_ROWS * 4;
  }
}

/** Panels of B for columns [from, to) over the whole `depth`; `from` is where the first panel starts. */
export function packRight(
  transposed: bool,
  matrix: usize,
  width: i32,
  depth: i32,
  from: i32,
  to: i32,
  panels: usize,
): void {
  const stride = <usize>width * 4;
  for (let j = from; j < to; j += BLOCK_COLUMNS) {
    const columns = min(BLOCK_COLUMNS, to - j);
    let panel = panels + (<usize>(j - from) * depth) * 4;
    if (!transposed) {
      let source = matrix + <usize>j * 4;
      for (let k = 0; k < depth; k++) {
        if (columns == BLOCK_COLUMNS) {
          const a = v128.load(source);
          const b = v128.load(source, 16);
          v128.store(panel, a);
          v128.store(panel, b, 16);
          if (WIDE) {
            const c = v128.load(source, 32);
            const d = v128.load(source, 48);
            v128.store(panel, c, 32);
            v128.store(panel, d, 48);
          }
        } else {
          for (let q = 0; q < BLOCK_COLUMNS; q++) {
            f32.store(panel + q * 4, q < columns ? f32.load(source + q * 4) : 0);
          }
        }
        source += stride;
        panel += STEP_BYTES;
      }
      continue;
    }
    for (let q = 0; q < BLOCK_COLUMNS; q += 4) {
      const first = matrix + <usize>j * stride;
      let a = q < columns ? first + <usize>q * stride : first;
      let b = q + 1 < columns ? first + <usize>(q + 1) * stride : first;
      let c = q + 2 < columns ? first + <usize>(q + 2) * stride : first;
      let d = q + 3 < columns ? first + <usize>(q + 3) * stride : first;
      let target = panel + q * 4;
      let k = 0;
      for (; k + 4 <= depth; k += 4) {
        const av = v128.load(a);
        const bv = v128.load(b);
        const cv = v128.load(c);
        const dv = v128.load(d);
        const ab0 = zipLow(av, bv);
        const ab1 = zipHigh(av, bv);
        const cd0 = zipLow(cv, dv);
        const cd1 = zipHigh(cv, dv);
        v128.store(target, joinLow(ab0, cd0));
        v128.store(target + STEP_BYTES, joinHigh(ab0, cd0));
        v128.store(target + 2 * STEP_BYTES, joinLow(ab1, cd1));
        v128.store(target + 3 * STEP_BYTES, joinHigh(ab1, cd1));
        a += 16;
        b += 16;
        c += 16;
        d += 16;
        target += 4 * STEP_BYTES;
      }
      for (; k < depth; k++) {
        f32.store(target, f32.load(a));
        f32.store(target, f32.load(b), 4);
        f32.store(target, f32.load(c), 8);
        f32.store(target, f32.load(d), 12);
        a += 4;
        b += 4;
        c += 4;
        d += 4;
        target += STEP_BYTES;
      }
    }
  }
}

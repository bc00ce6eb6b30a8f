/**
 * The innermost product: a block of BLOCK_ROWS x 8 of C from packed panels of A and B, kept in
 * registers. Every larger kernel is packing around this loop.
 *
 * A panel of A holds, for each step of the depth, BLOCK_ROWS values; a panel of B holds 8. With a
 * fused multiply-add six rows fill the sixteen vector registers of x86-64; without it a temporary is
 * needed for the product and a sixth row would spill, so five are used.
 */
import { activate, multiplyAdd } from './vector';

export const BLOCK_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
export const BLOCK_COLUMNS: i32 = 8;
/** Depth of one packed panel: a panel of A and one of B stay in the first-level cache together. */
export const DEPTH_BLOCK: i32 = 256;
/** Rows of A packed at a time (a multiple of BLOCK_ROWS), so that they stay in the second level. */
export const ROWS_PACKED: i32 = BLOCK_ROWS * 16;

/** Bytes of scratch that `block` needs for edges: a padded result and a padded bias. */
export const EDGE_BYTES: usize = 256;

/** Stores eight results of a row, with what belongs to them. */
@inline
export function finishRow(c: usize, low: v128, high: v128, accumulate: bool, bias: usize, activation: i32): void {
  if (accumulate) {
    low = f32x4.add(low, v128.load(c));
    high = f32x4.add(high, v128.load(c, 16));
  }
  if (bias != 0) {
    low = f32x4.add(low, v128.load(bias));
    high = f32x4.add(high, v128.load(bias, 16));
  }
  if (activation != 0) {
    low = activate(low, activation);
    high = activate(high, activation);
  }
  v128.store(c, low);
  v128.store(c, high, 16);
}

/** C[BLOCK_ROWS, 8] (rows `stride` bytes apart) = activation(A B (+ C) (+ bias)). */
function fullBlock(
  depth: i32,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  accumulate: bool,
  bias: usize,
  activation: i32,
): void {
  const zero = f32x4.splat(0);
  let low0 = zero;
  let high0 = zero;
  let low1 = zero;
  let high1 = zero;
  let low2 = zero;
  let high2 = zero;
  let low3 = zero;
  let high3 = zero;
  let low4 = zero;
  let high4 = zero;
  let low5 = zero;
  let high5 = zero;
  for (let step = 0; step < depth; step++) {
    const bLow = v128.load(b);
    const bHigh = v128.load(b, 16);
    let value = v128.load32_splat(a);
    low0 = multiplyAdd(value, bLow, low0);
    high0 = multiplyAdd(value, bHigh, high0);
    value = v128.load32_splat(a, 4);
    low1 = multiplyAdd(value, bLow, low1);
    high1 = multiplyAdd(value, bHigh, high1);
    value = v128.load32_splat(a, 8);
    low2 = multiplyAdd(value, bLow, low2);
    high2 = multiplyAdd(value, bHigh, high2);
    value = v128.load32_splat(a, 12);
    low3 = multiplyAdd(value, bLow, low3);
    high3 = multiplyAdd(value, bHigh, high3);
    value = v128.load32_splat(a, 16);
    low4 = multiplyAdd(value, bLow, low4);
    high4 = multiplyAdd(value, bHigh, high4);
    if (ASC_FEATURE_RELAXED_SIMD) {
      value = v128.load32_splat(a, 20);
      low5 = multiplyAdd(value, bLow, low5);
      high5 = multiplyAdd(value, bHigh, high5);
    }
    a += BLOCK_ROWS * 4;
    b += BLOCK_COLUMNS * 4;
  }
  finishRow(c, low0, high0, accumulate, bias, activation);
  c += stride;
  finishRow(c, low1, high1, accumulate, bias, activation);
  c += stride;
  finishRow(c, low2, high2, accumulate, bias, activation);
  c += stride;
  finishRow(c, low3, high3, accumulate, bias, activation);
  c += stride;
  finishRow(c, low4, high4, accumulate, bias, activation);
  if (ASC_FEATURE_RELAXED_SIMD) {
    c += stride;
    finishRow(c, low5, high5, accumulate, bias, activation);
  }
}

/**
 * As `fullBlock` for the first `rows` x `columns` of the block only; the rest of C is neither read nor
 * written. Edges go through a padded copy, so an element has the same bits wherever the block starts.
 */
export function block(
  depth: i32,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
  bias: usize,
  activation: i32,
  edge: usize,
): void {
  if (rows == BLOCK_ROWS && columns == BLOCK_COLUMNS) {
    fullBlock(depth, a, b, c, stride, accumulate, bias, activation);
    return;
  }
  const paddedBias = edge + BLOCK_ROWS * BLOCK_COLUMNS * 4;
  if (bias != 0) memory.copy(paddedBias, bias, columns * 4);
  if (accumulate) {
    for (let i = 0; i < rows; i++) memory.copy(edge + i * 32, c + <usize>i * stride, columns * 4);
  }
  fullBlock(depth, a, b, edge, 32, accumulate, bias != 0 ? paddedBias : 0, activation);
  for (let i = 0; i < rows; i++) {
    const from = edge + i * 32;
    const to = c + <usize>i * stride;
    for (let j = 0; j < columns; j++) f32.store(to + j * 4, f32.load(from + j * 4));
  }
}

/**
 * The innermost product: a block of BLOCK_ROWS x BLOCK_COLUMNS of C from packed panels of A and B, kept in
 * registers. Every larger kernel is packing around this loop.
 *
 * A panel of A holds, for each step of the depth, BLOCK_ROWS values; a panel of B holds BLOCK_COLUMNS. With
 * a fused multiply-add six rows fill the sixteen vector registers of x86-64; without it a temporary is
 * needed for the product and a sixth row would spill, so five are used.
 *
 * The wide builds (WIDE, given to the compiler) are for an engine that joins two neighbouring vectors of 128
 * bits into one of 256: there sixteen columns take the registers that eight take elsewhere. Only loops that
 * begin with loads and end with plain stores are joined, so whatever else belongs to a result stands before
 * or after them. An element is the same sum in the same order in all builds of one arithmetic.
 */
import { activate, multiplyAdd } from './vector';

export const BLOCK_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
export const BLOCK_COLUMNS: i32 = WIDE ? 16 : 8;
/** Columns of the smaller block for what a row of C has left over. */
export const HALF_COLUMNS: i32 = 8;
/** Depth of one packed panel: a panel of A and one of B stay in the first-level cache together. */
export const DEPTH_BLOCK: i32 = 256;
/** Rows of A packed at a time (a multiple of BLOCK_ROWS), so that they stay in the second level. */
export const ROWS_PACKED: i32 = BLOCK_ROWS * 16;

/** Of a padded block, and of one row of it. */
export const TILE_BYTES: usize = 384;
export const LINE_BYTES: usize = 64;

/** Bytes of scratch that `block` needs: a padded block, a padded bias, and a line of zeros. */
export const EDGE_BYTES: usize = TILE_BYTES + 2 * LINE_BYTES;

/** To be called once with the scratch that `block` is to get. */
@inline
export function clearEdge(edge: usize): void {
  memory.fill(edge + TILE_BYTES + LINE_BYTES, 0, LINE_BYTES);
}

/** The line of zeros that `clearEdge` made. */
@inline
export function zerosOf(edge: usize): usize {
  return edge + TILE_BYTES + LINE_BYTES;
}

/** C[BLOCK_ROWS, 8] = start + A B; rows of C are `stride` bytes apart, those of what it starts from `startStride`. */
function halfBlock(depth: i32, a: usize, b: usize, start: usize, startStride: usize, c: usize, stride: usize): void {
  let low0 = v128.load(start);
  let high0 = v128.load(start, 16);
  start += startStride;
  let low1 = v128.load(start);
  let high1 = v128.load(start, 16);
  start += startStride;
  let low2 = v128.load(start);
  let high2 = v128.load(start, 16);
  start += startStride;
  let low3 = v128.load(start);
  let high3 = v128.load(start, 16);
  start += startStride;
  let low4 = v128.load(start);
  let high4 = v128.load(start, 16);
  start += startStride;
  let low5 = ASC_FEATURE_RELAXED_SIMD ? v128.load(start) : low4;
  let high5 = ASC_FEATURE_RELAXED_SIMD ? v128.load(start, 16) : high4;
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
  v128.store(c, low0);
  v128.store(c, high0, 16);
  c += stride;
  v128.store(c, low1);
  v128.store(c, high1, 16);
  c += stride;
  v128.store(c, low2);
  v128.store(c, high2, 16);
  c += stride;
  v128.store(c, low3);
  v128.store(c, high3, 16);
  c += stride;
  v128.store(c, low4);
  v128.store(c, high4, 16);
  if (ASC_FEATURE_RELAXED_SIMD) {
    c += stride;
    v128.store(c, low5);
    v128.store(c, high5, 16);
  }
}

/** As `halfBlock` for sixteen columns; in the wide builds only, which have a fused multiply-add and six rows. */
function wideBlock(depth: i32, a: usize, b: usize, start: usize, startStride: usize, c: usize, stride: usize): void {
  let c00 = v128.load(start);
  let c01 = v128.load(start, 16);
  let c02 = v128.load(start, 32);
  let c03 = v128.load(start, 48);
  start += startStride;
  let c10 = v128.load(start);
  let c11 = v128.load(start, 16);
  let c12 = v128.load(start, 32);
  let c13 = v128.load(start, 48);
  start += startStride;
  let c20 = v128.load(start);
  let c21 = v128.load(start, 16);
  let c22 = v128.load(start, 32);
  let c23 = v128.load(start, 48);
  start += startStride;
  let c30 = v128.load(start);
  let c31 = v128.load(start, 16);
  let c32 = v128.load(start, 32);
  let c33 = v128.load(start, 48);
  start += startStride;
  let c40 = v128.load(start);
  let c41 = v128.load(start, 16);
  let c42 = v128.load(start, 32);
  let c43 = v128.load(start, 48);
  start += startStride;
  let c50 = v128.load(start);
  let c51 = v128.load(start, 16);
  let c52 = v128.load(start, 32);
  let c53 = v128.load(start, 48);
  for (let step = 0; step < depth; step++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    let value = v128.load32_splat(a);
    c00 = multiplyAdd(value, b0, c00);
    c01 = multiplyAdd(value, b1, c01);
    c02 = multiplyAdd(value, b2, c02);
    c03 = multiplyAdd(value, b3, c03);
    value = v128.load32_splat(a, 4);
    c10 = multiplyAdd(value, b0, c10);
    c11 = multiplyAdd(value, b1, c11);
    c12 = multiplyAdd(value, b2, c12);
    c13 = multiplyAdd(value, b3, c13);
    value = v128.load32_splat(a, 8);
    c20 = multiplyAdd(value, b0, c20);
    c21 = multiplyAdd(value, b1, c21);
    c22 = multiplyAdd(value, b2, c22);
    c23 = multiplyAdd(value, b3, c23);
    value = v128.load32_splat(a, 12);
    c30 = multiplyAdd(value, b0, c30);
    c31 = multiplyAdd(value, b1, c31);
    c32 = multiplyAdd(value, b2, c32);
    c33 = multiplyAdd(value, b3, c33);
    value = v128.load32_splat(a, 16);
    c40 = multiplyAdd(value, b0, c40);
    c41 = multiplyAdd(value, b1, c41);
    c42 = multiplyAdd(value, b2, c42);
    c43 = multiplyAdd(value, b3, c43);
    value = v128.load32_splat(a, 20);
    c50 = multiplyAdd(value, b0, c50);
    c51 = multiplyAdd(value, b1, c51);
    c52 = multiplyAdd(value, b2, c52);
    c53 = multiplyAdd(value, b3, c53);
    a += 24;
    b += 64;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c02, 32);
  v128.store(c, c03, 48);
  c += stride;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  v128.store(c, c12, 32);
  v128.store(c, c13, 48);
  c += stride;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  v128.store(c, c22, 32);
  v128.store(c, c23, 48);
  c += stride;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  v128.store(c, c32, 32);
  v128.store(c, c33, 48);
  c += stride;
  v128.store(c, c40);
  v128.store(c, c41, 16);
  v128.store(c, c42, 32);
  v128.store(c, c43, 48);
  c += stride;
  v128.store(c, c50);
  v128.store(c, c51, 16);
  v128.store(c, c52, 32);
  v128.store(c, c53, 48);
}

/** Applies an activation to a block of whole vectors, where it stands. */
export function activateBlock(c: usize, stride: usize, rows: i32, columns: i32, activation: i32): void {
  for (let i = 0; i < rows; i++) {
    const end = c + <usize>columns * 4;
    for (let at = c; at < end; at += 16) v128.store(at, activate(v128.load(at), activation));
    c += stride;
  }
}

/**
 * C[rows, columns] = activation(start + A B), at most a whole block of it; the rest of C is neither read nor
 * written. It starts from what stands in C, from a bias [columns] (0 for none), or from zero. Edges go through a
 * padded copy, so an element has the same bits wherever the block starts.
 *
 * @param edge EDGE_BYTES of scratch that `clearEdge` has seen
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
  const width = WIDE && columns > HALF_COLUMNS ? BLOCK_COLUMNS : HALF_COLUMNS;
  const whole = rows == BLOCK_ROWS && columns == width;
  const target = whole ? c : edge;
  const targetStride = whole ? stride : LINE_BYTES;
  let start = zerosOf(edge);
  let startStride: usize = 0;
  if (accumulate) {
    start = target;
    startStride = targetStride;
    if (!whole) for (let i = 0; i < rows; i++) memory.copy(edge + <usize>i * LINE_BYTES, c + <usize>i * stride, columns * 4);
  } else if (bias != 0) {
    start = bias;
    if (columns != width) {
      start = edge + TILE_BYTES;
      memory.copy(start, bias, columns * 4);
    }
  }
  if (WIDE && width == BLOCK_COLUMNS) wideBlock(depth, a, b, start, startStride, target, targetStride);
  else halfBlock(depth, a, b, start, startStride, target, targetStride);
  if (activation != 0) activateBlock(target, targetStride, rows, width, activation);
  if (whole) return;
  for (let i = 0; i < rows; i++) {
    const from = edge + <usize>i * LINE_BYTES;
    const to = c + <usize>i * stride;
    for (let j = 0; j < columns; j++) f32.store(to + j * 4, f32.load(from + j * 4));
  }
}

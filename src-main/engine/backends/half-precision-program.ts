/** Matrix products of 16-bit operands with 32-bit sums, in WGSL. */
import type { ConvolutionShape } from '../kernels/kernel-jobs.ts';

/**
 * A product [rows, inner] × [inner, columns], `batch` times over, whose operands are read where they stand: a picture is
 * never spread out into the matrix that its convolution multiplies by. The two bodies are WGSL expressions of `u32`.
 */
export interface Product {
  readonly batch: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** Ends by returning the element of the left operand at `batch`, `row`, `k`, and which of the two lies close in memory. */
  readonly left: { readonly body: string; readonly close: 'row' | 'k' };
  /** The same of the right one at `batch`, `k`, `column`. */
  readonly right: { readonly body: string; readonly close: 'k' | 'column' };
}

/** How a product is spread over the device. */
export interface Program {
  readonly code: string;
  /** Workgroups along x and y. */
  readonly dispatch: readonly [number, number];
  /** So many partial sums of each element lie one behind the other and are still to be added up; mostly 1. */
  readonly splits: number;
}

/** Rows and columns that one workgroup makes, and how far it goes along the inner axis at once. */
const tile = 32;
const most = { workgroupsPerDimension: 65_535 };
/** A long product with a small result is cut along its inner axis until so many workgroups share it … */
const wantedWorkgroups = 256;
/** … but into no shorter pieces than this. */
const shortestSplit = 256;

/**
 * The program of a product. Each workgroup of 64 threads makes 32 × 32 results from pieces of both operands, which it
 * rounds to 16 bits as it brings them into its own memory; products and sums are 32-bit (Micikevicius et al., "Mixed
 * Precision Training", 2018). What a 16-bit number cannot hold makes the results it would go into infinite on every
 * driver, instead of whatever the driver rounds it to.
 */
export function programOf({ batch, rows, inner, columns, left, right }: Product): Program {
  const tilesAcross = Math.ceil(columns / tile);
  const tilesDown = Math.ceil(rows / tile);
  const tiles = batch * tilesAcross * tilesDown;
  const wantedSplits = Math.min(Math.floor(wantedWorkgroups / tiles), Math.floor(inner / shortestSplit));
  const splitLength = Math.ceil(inner / Math.max(1, wantedSplits) / tile) * tile;
  const splits = Math.ceil(inner / splitLength);
  const workgroups = tiles * splits;
  const across = Math.min(workgroups, most.workgroupsPerDimension);
  /** Neighbouring threads read what lies side by side. */
  const place = (isInnerClose: boolean) =>
    isInnerClose ? 'vec2<u32>(slot % 32u, slot / 32u)' : 'vec2<u32>(slot / 8u, slot % 8u)';
  const code = `enable f16;
@group(0) @binding(0) var<storage, read_write> result: array<f32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;

var<workgroup> lefts: array<array<vec4<f16>, 8>, 32>;
var<workgroup> rights: array<array<vec4<f16>, 8>, 32>;
/** The bits of infinity where an operand was too large, and of zero otherwise. */
var<workgroup> overflow: atomic<u32>;

fn leftAt(batch: u32, row: u32, k: u32) -> f32 {
  ${left.body}
}

fn rightAt(batch: u32, k: u32, column: u32) -> f32 {
  ${right.body}
}

fn guardedLeft(batch: u32, row: u32, k: u32, end: u32) -> f32 {
  if (row >= ${rows}u || k >= end) { return 0.0; }
  return leftAt(batch, row, k);
}

fn guardedRight(batch: u32, k: u32, column: u32, end: u32) -> f32 {
  if (column >= ${columns}u || k >= end) { return 0.0; }
  return rightAt(batch, k, column);
}

fn half(values: vec4<f32>) -> vec4<f16> {
  if (!all(abs(values) <= vec4<f32>(65504.0))) { atomicStore(&overflow, 0x7f800000u); }
  return vec4<f16>(values);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let number = group.y * ${across}u + group.x;
  if (number >= ${workgroups}u) { return; }
  let firstColumn = number % ${tilesAcross}u * ${tile}u;
  let firstRow = number / ${tilesAcross}u % ${tilesDown}u * ${tile}u;
  let part = number / ${tilesAcross * tilesDown}u;
  let batch = part / ${splits}u;
  let begin = part % ${splits}u * ${splitLength}u;
  let end = min(${inner}u, begin + ${splitLength}u);
  var sums: array<vec4<f32>, 4>;
  for (var at = begin; at < end; at += ${tile}u) {
    for (var slot = thread; slot < 256u; slot += 64u) {
      let l = ${place(left.close === 'k')};
      let row = firstRow + 4u * l.y;
      lefts[l.x][l.y] = half(vec4<f32>(
        guardedLeft(batch, row, at + l.x, end), guardedLeft(batch, row + 1u, at + l.x, end),
        guardedLeft(batch, row + 2u, at + l.x, end), guardedLeft(batch, row + 3u, at + l.x, end)));
      let r = ${place(right.close === 'k')};
      let column = firstColumn + 4u * r.y;
      rights[r.x][r.y] = half(vec4<f32>(
        guardedRight(batch, at + r.x, column, end), guardedRight(batch, at + r.x, column + 1u, end),
        guardedRight(batch, at + r.x, column + 2u, end), guardedRight(batch, at + r.x, column + 3u, end)));
    }
    workgroupBarrier();
    for (var k = 0u; k < ${tile}u; k++) {
      let l = vec4<f32>(lefts[k][thread / 8u]);
      let r = vec4<f32>(rights[k][thread % 8u]);
      sums[0] += l.x * r;
      sums[1] += l.y * r;
      sums[2] += l.z * r;
      sums[3] += l.w * r;
    }
    workgroupBarrier();
  }
  let excess = bitcast<f32>(atomicLoad(&overflow));
  for (var y = 0u; y < 4u; y++) {
    let row = firstRow + thread / 8u * 4u + y;
    if (row >= ${rows}u) { break; }
    for (var x = 0u; x < 4u; x++) {
      let column = firstColumn + thread % 8u * 4u + x;
      if (column < ${columns}u) {
        result[(part * ${rows}u + row) * ${columns}u + column] = sums[y][x] + excess;
      }
    }
  }
}
`;
  return { code, dispatch: [across, Math.ceil(workgroups / across)], splits };
}

/**
 * The product of [batch or 1, rows, inner] and [batch or 1, inner, columns], either of them transposed; one that is
 * there once is taken again and again.
 */
export function matrixProduct(shape: {
  readonly batches: readonly [left: number, right: number];
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly transposed: readonly [left: boolean, right: boolean];
}): Product {
  const { batches, rows, inner, columns, transposed } = shape;
  const [ofLeft, ofRight] = batches.map((count) => (count === 1 ? '0u' : 'batch'));
  return {
    ...{ batch: Math.max(...batches), rows, inner, columns },
    left: transposed[0]
      ? { body: `return a[(${ofLeft} * ${inner}u + k) * ${rows}u + row];`, close: 'row' }
      : { body: `return a[(${ofLeft} * ${rows}u + row) * ${inner}u + k];`, close: 'k' },
    right: transposed[1]
      ? { body: `return b[(${ofRight} * ${columns}u + column) * ${inner}u + k];`, close: 'k' }
      : { body: `return b[(${ofRight} * ${inner}u + k) * ${columns}u + column];`, close: 'column' },
  };
}

/** Of pictures `a` and a filter `b`: the pictures that the filter makes, [batch · height' · width', out]. */
export function convolutionProduct(shape: ConvolutionShape): Product {
  const { inputChannels, outputChannels } = shape;
  return {
    batch: 1,
    rows: shape.batch * shape.outputHeight * shape.outputWidth,
    inner: shape.filterHeight * shape.filterWidth * inputChannels,
    columns: outputChannels,
    left: { body: pixelSeen(shape, 'row', `k / ${inputChannels}u`, `k % ${inputChannels}u`), close: 'k' },
    right: { body: `return b[k * ${outputChannels}u + column];`, close: 'column' },
  };
}

/** Of a gradient by the results `a` and the filter `b`: the gradient by the pictures, [batch · height · width, in]. */
export function inputGradientProduct(shape: ConvolutionShape): Product {
  const { inputChannels, outputChannels, filterWidth, stride } = shape;
  const { inputHeight, inputWidth, outputHeight, outputWidth } = shape;
  return {
    batch: 1,
    rows: shape.batch * inputHeight * inputWidth,
    inner: shape.filterHeight * filterWidth * outputChannels,
    columns: inputChannels,
    left: {
      body: `let tap = k / ${outputChannels}u;
  let y = i32(row / ${inputWidth}u % ${inputHeight}u + ${shape.paddingTop}u) - i32(tap / ${filterWidth}u);
  let x = i32(row % ${inputWidth}u + ${shape.paddingLeft}u) - i32(tap % ${filterWidth}u);
  if (y < 0 || x < 0 || y % ${stride} != 0 || x % ${stride} != 0) { return 0.0; }
  let above = u32(y) / ${stride}u;
  let before = u32(x) / ${stride}u;
  if (above >= ${outputHeight}u || before >= ${outputWidth}u) { return 0.0; }
  let picture = row / ${inputHeight * inputWidth}u;
  return a[((picture * ${outputHeight}u + above) * ${outputWidth}u + before) * ${outputChannels}u + k % ${outputChannels}u];`,
      close: 'k',
    },
    right: {
      body: `return b[(k / ${outputChannels}u * ${inputChannels}u + column) * ${outputChannels}u + k % ${outputChannels}u];`,
      close: 'k',
    },
  };
}

/** Of pictures `a` and a gradient by the results `b`: the gradient by the filter, [height · width · in, out]. */
export function filterGradientProduct(shape: ConvolutionShape): Product {
  const { inputChannels, outputChannels } = shape;
  return {
    batch: 1,
    rows: shape.filterHeight * shape.filterWidth * inputChannels,
    inner: shape.batch * shape.outputHeight * shape.outputWidth,
    columns: outputChannels,
    left: { body: pixelSeen(shape, 'k', `row / ${inputChannels}u`, `row % ${inputChannels}u`), close: 'row' },
    right: { body: `return b[k * ${outputChannels}u + column];`, close: 'column' },
  };
}

/** What a tap of the filter sees of the pictures `a` when it makes the result of that number; 0 in the padding. */
function pixelSeen(shape: ConvolutionShape, result: string, tap: string, channel: string): string {
  const { inputHeight, inputWidth, outputHeight, outputWidth, filterWidth, stride } = shape;
  return `let tap = ${tap};
  let y = i32(${result} / ${outputWidth}u % ${outputHeight}u * ${stride}u + tap / ${filterWidth}u) - ${shape.paddingTop};
  let x = i32(${result} % ${outputWidth}u * ${stride}u + tap % ${filterWidth}u) - ${shape.paddingLeft};
  if (y < 0 || x < 0 || y >= ${inputHeight} || x >= ${inputWidth}) { return 0.0; }
  let picture = ${result} / ${outputHeight * outputWidth}u;
  return a[((picture * ${inputHeight}u + u32(y)) * ${inputWidth}u + u32(x)) * ${shape.inputChannels}u + ${channel}];`;
}

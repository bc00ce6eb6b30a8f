/** The gradient of a convolution with respect to its filter. */
import { block, BLOCK_COLUMNS, BLOCK_ROWS, clearEdge, DEPTH_BLOCK, EDGE_BYTES } from './micro-kernel';
import { packLeft, ROW_LIST_BYTES } from './packing';
import { ConvolutionJob, inside, taps } from './picture';
import { rangeStart } from './vector';

/** Of one step of the depth in a panel. */
const COLUMN_BYTES: usize = <usize>BLOCK_COLUMNS * 4;

export function filterGradientScratch(job: ConvolutionJob): usize {
  const outputRows = (job.outputChannels + BLOCK_ROWS - 1) / BLOCK_ROWS * BLOCK_ROWS;
  const left = <usize>outputRows * DEPTH_BLOCK * 4;
  const right = <usize>BLOCK_COLUMNS * DEPTH_BLOCK * 4;
  const sums = <usize>job.outputChannels * taps(job) * job.inputChannels * 4;
  const coordinates = <usize>3 * DEPTH_BLOCK * 4;
  return EDGE_BYTES + ROW_LIST_BYTES + left + right + sums + coordinates;
}

/**
 * filter = gradient of the convolution with respect to its filter, given input and gradient `output`.
 * Summed transposed ([output channel, tap and input channel]) so that neighbouring columns are
 * neighbouring channels of a pixel; threads share the columns, never the sum over positions.
 */
export function filterGradient(job: ConvolutionJob, index: i32, count: i32, scratch: usize): void {
  const allColumns = taps(job) * job.inputChannels;
  const from = rangeStart(allColumns, BLOCK_COLUMNS, index, count);
  const to = rangeStart(allColumns, BLOCK_COLUMNS, index + 1, count);
  if (from >= to) return;
  const outputChannels = job.outputChannels;
  const outputRows = (outputChannels + BLOCK_ROWS - 1) / BLOCK_ROWS * BLOCK_ROWS;
  const positions = job.batch * job.outputHeight * job.outputWidth;
  const width = to - from;
  const stride = <usize>width * 4;
  const rowList = scratch + EDGE_BYTES;
  const leftPanels = rowList + ROW_LIST_BYTES;
  const rightPanel = leftPanels + <usize>outputRows * DEPTH_BLOCK * 4;
  const coordinates = rightPanel + BLOCK_COLUMNS * DEPTH_BLOCK * 4;
  const sums = coordinates + 3 * DEPTH_BLOCK * 4;
  clearEdge(scratch);
  for (let position = 0; position < positions; position += DEPTH_BLOCK) {
    const length = min(DEPTH_BLOCK, positions - position);
    for (let i = 0; i < outputChannels; i += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, outputChannels - i);
      packLeft(true, job.output, outputChannels, i, rows, position, length, leftPanels + i * length * 4, rowList);
    }
    locate(job, position, length, coordinates);
    for (let j = from; j < to; j += BLOCK_COLUMNS) {
      const columns = min(BLOCK_COLUMNS, to - j);
      gatherColumns(job, j, columns, length, coordinates, rightPanel);
      for (let i = 0; i < outputChannels; i += BLOCK_ROWS) {
        const target = sums + <usize>i * stride + <usize>(j - from) * 4;
        const rows = min(BLOCK_ROWS, outputChannels - i);
        const left = leftPanels + i * length * 4;
        block(length, left, rightPanel, target, stride, rows, columns, position > 0, 0, 0, scratch);
      }
    }
  }
  for (let j = 0; j < width; j++) {
    const target = <usize>job.filter + <usize>(from + j) * outputChannels * 4;
    for (let i = 0; i < outputChannels; i++) {
      f32.store(target + i * 4, f32.load(sums + <usize>i * stride + <usize>j * 4));
    }
  }
}

/** Writes for each position the top and left of its patch and the address of that (virtual) pixel. */
function locate(job: ConvolutionJob, position: i32, length: i32, coordinates: usize): void {
  for (let k = 0; k < length; k++) {
    const p = position + k;
    const line = p / job.outputWidth;
    const column = p - line * job.outputWidth;
    const picture = line / job.outputHeight;
    const row = line - picture * job.outputHeight;
    const top = row * job.stride - job.paddingTop;
    const left = column * job.stride - job.paddingLeft;
    const pixel = (picture * job.inputHeight + top) * job.inputWidth + left;
    const entry = coordinates + k * 12;
    store<i32>(entry, top);
    store<i32>(entry, left, 4);
    store<u32>(entry, job.input + pixel * job.inputChannels * 4, 8);
  }
}

/** Packs eight columns (tap and channel) of the unrolled patches; zero where the picture ends. */
function gatherColumns(
  job: ConvolutionJob,
  column: i32,
  columns: i32,
  length: i32,
  coordinates: usize,
  panel: usize,
): void {
  const channels = job.inputChannels;
  const height = job.inputHeight;
  const width = job.inputWidth;
  if (columns == BLOCK_COLUMNS && channels % BLOCK_COLUMNS == 0) {
    const tap = column / channels;
    const tapRow = tap / job.filterWidth;
    const tapColumn = tap - tapRow * job.filterWidth;
    const offset = ((tapRow * width + tapColumn) * channels + (column - tap * channels)) * 4;
    const zero = f32x4.splat(0);
    for (let k = 0; k < length; k++) {
      const entry = coordinates + k * 12;
      if (inside(load<i32>(entry) + tapRow, height) && inside(load<i32>(entry, 4) + tapColumn, width)) {
        const source = <usize>(load<u32>(entry, 8) + offset);
        for (let q: usize = 0; q < COLUMN_BYTES; q += 16) v128.store(panel + q, v128.load(source + q));
      } else {
        for (let q: usize = 0; q < COLUMN_BYTES; q += 16) v128.store(panel + q, zero);
      }
      panel += COLUMN_BYTES;
    }
    return;
  }
  const lineFloats = job.filterWidth * channels;
  for (let first = 0; first < BLOCK_COLUMNS; first += 4) {
    // Four columns then belong to one line of the filter, and to four neighbouring floats of the picture.
    if (first + 4 <= columns && lineFloats % 4 == 0) gatherFour(job, column + first, length, coordinates, panel);
    else gatherSingly(job, column + first, min(4, columns - first), length, coordinates, panel);
    panel += 16;
  }
}

/** Packs four columns, of which the first `columns` are there and the others zero. */
function gatherSingly(
  job: ConvolutionJob,
  column: i32,
  columns: i32,
  length: i32,
  coordinates: usize,
  panel: usize,
): void {
  const channels = job.inputChannels;
  const width = job.inputWidth;
  for (let q = 0; q < 4; q++) {
    let target = panel + q * 4;
    const tap = (column + q) / channels;
    const tapRow = tap / job.filterWidth;
    const tapColumn = tap - tapRow * job.filterWidth;
    const offset = ((tapRow * width + tapColumn) * channels + (column + q - tap * channels)) * 4;
    for (let k = 0; k < length; k++) {
      const entry = coordinates + k * 12;
      const readable =
        q < columns &&
        inside(load<i32>(entry) + tapRow, job.inputHeight) &&
        inside(load<i32>(entry, 4) + tapColumn, width);
      f32.store(target, readable ? f32.load(<usize>(load<u32>(entry, 8) + offset)) : 0);
      target += COLUMN_BYTES;
    }
  }
}

/** Packs four columns of one filter line; see `gatherColumns`. */
function gatherFour(job: ConvolutionJob, column: i32, length: i32, coordinates: usize, panel: usize): void {
  const channels = job.inputChannels;
  const width = job.inputWidth;
  const lineFloats = job.filterWidth * channels;
  const line = column / lineFloats;
  const first = column - line * lineFloats;
  const offset = (line * width * channels + first) * 4;
  const rowFloats = width * channels;
  for (let k = 0; k < length; k++) {
    const entry = coordinates + k * 12;
    const start = load<i32>(entry, 4) * channels + first;
    const source = <usize>(load<u32>(entry, 8) + offset);
    if (!inside(load<i32>(entry) + line, job.inputHeight)) {
      v128.store(panel, f32x4.splat(0));
    } else if (start >= 0 && start + 4 <= rowFloats) {
      v128.store(panel, v128.load(source));
    } else {
      for (let q = 0; q < 4; q++) {
        f32.store(panel + q * 4, inside(start + q, rowFloats) ? f32.load(source + q * 4) : 0);
      }
    }
    panel += COLUMN_BYTES;
  }
}

/** The gradient of a convolution with respect to its input, which is also the transposed convolution. */
import { block, BLOCK_COLUMNS, BLOCK_ROWS, clearEdge, EDGE_BYTES, ROWS_PACKED } from './micro-kernel';
import { packLeft, packRight, ROW_LIST_BYTES } from './packing';
import { activateInPlace, ConvolutionJob, fillWithBias, inside, paddedPanels, taps } from './picture';
import { rangeStart } from './vector';

/** Columns of the unrolled input gradient that are held at a time. */
const GRADIENT_COLUMNS: i32 = 512;

/** Filter taps whose columns are computed before they are added to the picture. */
@inline
function tapsPerScatter(job: ConvolutionJob): i32 {
  const channels = job.inputChannels;
  const all = taps(job);
  // A chunk has to begin on a panel, in every build: the order of the additions follows from it.
  if (channels % 16 != 0) return all;
  return min(all, max(1, GRADIENT_COLUMNS / channels));
}

@inline
function picturesPerGroup(job: ConvolutionJob): i32 {
  return max(1, ROWS_PACKED / (job.outputHeight * job.outputWidth));
}

export function inputGradientScratch(job: ConvolutionJob): usize {
  const left = <usize>ROWS_PACKED * job.outputChannels * 4;
  const right = paddedPanels(taps(job) * job.inputChannels, job.outputChannels);
  const columns = <usize>ROWS_PACKED * tapsPerScatter(job) * job.inputChannels * 4;
  return EDGE_BYTES + ROW_LIST_BYTES + left + right + columns;
}

/**
 * input = activation(gradient of the convolution with respect to its input, given `output`, + bias),
 * the bias per input channel. Read the other way round this is the transposed convolution.
 *
 * Pictures are never shared between threads and their blocks never depend on the thread, so the order
 * of additions, and with it every bit, is the same for any number of threads.
 */
export function inputGradient(job: ConvolutionJob, index: i32, count: i32, scratch: usize): void {
  const from = rangeStart(job.batch, 1, index, count);
  const to = rangeStart(job.batch, 1, index + 1, count);
  if (from >= to) return;
  const channels = job.inputChannels;
  const outputChannels = job.outputChannels;
  const allColumns = taps(job) * channels;
  const positions = job.outputHeight * job.outputWidth;
  const pictureFloats = job.inputHeight * job.inputWidth * channels;
  const scatterTaps = tapsPerScatter(job);
  const rowList = scratch + EDGE_BYTES;
  const leftPanels = rowList + ROW_LIST_BYTES;
  const rightPanels = leftPanels + <usize>ROWS_PACKED * outputChannels * 4;
  const columns = rightPanels + paddedPanels(allColumns, outputChannels);
  packRight(true, job.filter, outputChannels, outputChannels, 0, allColumns, rightPanels);

  clearEdge(scratch);
  const group = picturesPerGroup(job);
  for (let picture = from; picture < to; picture += group) {
    const pictures = min(group, to - picture);
    const input = <usize>job.input + <usize>picture * pictureFloats * 4;
    fillWithBias(input, pictures * pictureFloats, channels, job.bias);
    const rowsInGroup = pictures * positions;
    for (let row = 0; row < rowsInGroup; row += ROWS_PACKED) {
      const packed = min(ROWS_PACKED, rowsInGroup - row);
      const output = <usize>job.output + <usize>picture * positions * outputChannels * 4;
      for (let r = 0; r < packed; r += BLOCK_ROWS) {
        const panel = leftPanels + <usize>r * outputChannels * 4;
        const rows = min(BLOCK_ROWS, packed - r);
        packLeft(false, output, outputChannels, row + r, rows, 0, outputChannels, panel, rowList);
      }
      for (let tap = 0; tap < taps(job); tap += scatterTaps) {
        const chunkTaps = min(scatterTaps, taps(job) - tap);
        const width = chunkTaps * channels;
        for (let j = 0; j < width; j += BLOCK_COLUMNS) {
          const right = rightPanels + <usize>(tap * channels + j) * outputChannels * 4;
          const blockColumns = min(BLOCK_COLUMNS, width - j);
          for (let r = 0; r < packed; r += BLOCK_ROWS) {
            const left = leftPanels + <usize>r * outputChannels * 4;
            const target = columns + (<usize>r * width + j) * 4;
            const rows = min(BLOCK_ROWS, packed - r);
            block(outputChannels, left, right, target, width * 4, rows, blockColumns, false, 0, 0, scratch);
          }
        }
        scatter(job, input, row, packed, tap, chunkTaps, columns);
      }
    }
    if (job.activation != 0) activateInPlace(input, pictures * pictureFloats, job.activation);
  }
}

/** Adds the unrolled gradient of some output positions to the pixels that their taps had read. */
function scatter(
  job: ConvolutionJob,
  input: usize,
  position: i32,
  positions: i32,
  firstTap: i32,
  chunkTaps: i32,
  columns: usize,
): void {
  const channels = job.inputChannels;
  const filterWidth = job.filterWidth;
  const inputWidth = job.inputWidth;
  const firstRow = firstTap / filterWidth;
  const firstColumn = firstTap - firstRow * filterWidth;
  let source = columns;
  for (let p = position; p < position + positions; p++) {
    const line = p / job.outputWidth;
    const column = p - line * job.outputWidth;
    const picture = line / job.outputHeight;
    const row = line - picture * job.outputHeight;
    const top = row * job.stride - job.paddingTop;
    const left = column * job.stride - job.paddingLeft;
    const base = input + <usize>(picture * job.inputHeight * inputWidth * channels) * 4;
    let tapRow = firstRow;
    let tapColumn = firstColumn;
    // The taps of a line read neighbouring pixels, which are one run of floats where all are inside.
    const wholeLines = left >= 0 && left + filterWidth <= inputWidth;
    for (let tap = 0; tap < chunkTaps; ) {
      const run = wholeLines ? min(filterWidth - tapColumn, chunkTaps - tap) : 1;
      const y = top + tapRow;
      const x = left + tapColumn;
      if (inside(y, job.inputHeight) && inside(x, inputWidth)) {
        const target = base + <usize>((y * inputWidth + x) * channels) * 4;
        const length = run * channels;
        let c = 0;
        for (; c + 4 <= length; c += 4) {
          const offset = <usize>c * 4;
          v128.store(target + offset, f32x4.add(v128.load(target + offset), v128.load(source + offset)));
        }
        for (; c < length; c++) {
          const offset = <usize>c * 4;
          f32.store(target + offset, f32.load(target + offset) + f32.load(source + offset));
        }
      }
      source += <usize>(run * channels) * 4;
      tap += run;
      tapColumn += run;
      if (tapColumn == filterWidth) {
        tapColumn = 0;
        tapRow++;
      }
    }
  }
}

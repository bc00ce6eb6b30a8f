/**
 * Two-dimensional convolution as a matrix product whose left side is gathered from the picture while it is
 * packed, so the unrolled patches never stand in memory.
 *
 * Pictures are [batch, height, width, channel], filters [height, width, input channel, output
 * channel]. The job always describes the forward convolution input -> output.
 */
import { convolutionOfFewChannels, fewChannelsScratch, hasFewChannels } from './few-channels';
import {
  block,
  BLOCK_COLUMNS,
  BLOCK_ROWS,
  clearEdge,
  DEPTH_BLOCK,
  EDGE_BYTES,
  ROWS_PACKED,
} from './micro-kernel';
import { packRight, packRows, ROW_LIST_BYTES } from './packing';
import { ConvolutionJob, inside, paddedPanels, taps } from './picture';
import { rangeStart } from './vector';

export function convolutionScratch(job: ConvolutionJob): usize {
  if (hasFewChannels(job)) return fewChannelsScratch(job);
  const zeros = <usize>job.filterWidth * job.inputChannels * 4;
  const rowLists: usize = 4 * ROW_LIST_BYTES;
  const left = <usize>ROWS_PACKED * DEPTH_BLOCK * 4;
  const right = paddedPanels(job.outputChannels, taps(job) * job.inputChannels);
  return EDGE_BYTES + rowLists + left + right + zeros;
}

/** output = activation(input * filter + bias), the bias per output channel. */
export function convolution(job: ConvolutionJob, index: i32, count: i32, scratch: usize): void {
  if (hasFewChannels(job)) return convolutionOfFewChannels(job, index, count, scratch);
  const positions = job.batch * job.outputHeight * job.outputWidth;
  const from = rangeStart(positions, BLOCK_ROWS, index, count);
  const to = rangeStart(positions, BLOCK_ROWS, index + 1, count);
  if (from >= to) return;
  const channels = job.inputChannels;
  const allTaps = taps(job);
  const depth = allTaps * channels;
  const outputChannels = job.outputChannels;
  const rowList = scratch + EDGE_BYTES;
  const leftPanels = rowList + 4 * ROW_LIST_BYTES;
  const rightPanels = leftPanels + ROWS_PACKED * DEPTH_BLOCK * 4;
  const zeros = rightPanels + paddedPanels(outputChannels, depth);
  memory.fill(zeros, 0, <usize>job.filterWidth * channels * 4);
  clearEdge(scratch);
  packRight(false, job.filter, outputChannels, depth, 0, outputChannels, rightPanels);

  let tapsPerPass = max(1, min(allTaps, DEPTH_BLOCK / channels));
  // Whole filter rows can be gathered as one run of pixels where the patch lies inside the picture.
  if (tapsPerPass >= job.filterWidth) tapsPerPass -= tapsPerPass % job.filterWidth;
  const channelsPerPass = min(channels, DEPTH_BLOCK);
  for (let tap = 0; tap < allTaps; tap += tapsPerPass) {
    const tapEnd = min(allTaps, tap + tapsPerPass);
    for (let channel = 0; channel < channels; channel += channelsPerPass) {
      const width = min(channelsPerPass, channels - channel);
      const length = (tapEnd - tap) * width;
      const first = tap == 0 && channel == 0;
      const last = tapEnd >= allTaps && channel + width >= channels;
      const panelOffset = <usize>(tap * channels + channel) * BLOCK_COLUMNS * 4;
      for (let i = from; i < to; i += ROWS_PACKED) {
        const packed = min(ROWS_PACKED, to - i);
        for (let r = 0; r < packed; r += BLOCK_ROWS) {
          const rows = min(BLOCK_ROWS, packed - r);
          gatherPatches(job, i + r, rows, tap, tapEnd, channel, width, leftPanels + r * length * 4, rowList, zeros);
        }
        for (let j = 0; j < outputChannels; j += BLOCK_COLUMNS) {
          const right = rightPanels + <usize>j * depth * 4 + panelOffset;
          const bias = first && job.bias != 0 ? <usize>job.bias + j * 4 : 0;
          const columns = min(BLOCK_COLUMNS, outputChannels - j);
          for (let r = 0; r < packed; r += BLOCK_ROWS) {
            const output = <usize>job.output + (<usize>(i + r) * outputChannels + j) * 4;
            const rows = min(BLOCK_ROWS, packed - r);
            const activation = last ? job.activation : 0;
            const left = leftPanels + r * length * 4;
            block(length, left, right, output, outputChannels * 4, rows, columns, !first, bias, activation, scratch);
          }
        }
      }
    }
  }
}

/** Packs the patches of BLOCK_ROWS output positions for taps [tap, tapEnd) and some input channels. */
function gatherPatches(
  job: ConvolutionJob,
  position: i32,
  rows: i32,
  tap: i32,
  tapEnd: i32,
  channel: i32,
  width: i32,
  panel: usize,
  rowList: usize,
  zeros: usize,
): void {
  const tops = rowList + ROW_LIST_BYTES;
  const lefts = tops + ROW_LIST_BYTES;
  const pictures = lefts + ROW_LIST_BYTES;
  const channels = job.inputChannels;
  const filterWidth = job.filterWidth;
  const inputWidth = job.inputWidth;
  const pictureBytes = <usize>job.inputHeight * inputWidth * channels * 4;
  let interior = true;
  for (let q = 0; q < BLOCK_ROWS; q++) {
    const p = q < rows ? position + q : position;
    const line = p / job.outputWidth;
    const column = p - line * job.outputWidth;
    const picture = line / job.outputHeight;
    const row = line - picture * job.outputHeight;
    const left = column * job.stride - job.paddingLeft;
    store<i32>(tops + q * 4, row * job.stride - job.paddingTop);
    store<i32>(lefts + q * 4, left);
    store<u32>(pictures + q * 4, <u32>(<usize>job.input + <usize>picture * pictureBytes + channel * 4));
    interior = interior && left >= 0 && left + filterWidth <= inputWidth;
  }
  let tapRow = tap / filterWidth;
  let tapColumn = tap - tapRow * filterWidth;
  const wholeRows = interior && width == channels;
  while (tap < tapEnd) {
    const run = wholeRows && tapColumn == 0 && tap + filterWidth <= tapEnd ? filterWidth : 1;
    for (let q = 0; q < BLOCK_ROWS; q++) {
      const y = load<i32>(tops + q * 4) + tapRow;
      const x = load<i32>(lefts + q * 4) + tapColumn;
      const pixel = <usize>load<u32>(pictures + q * 4) + <usize>(y * inputWidth + x) * channels * 4;
      const readable = inside(y, job.inputHeight) && inside(x, inputWidth);
      store<u32>(rowList + q * 4, <u32>(readable ? pixel : zeros));
    }
    panel = packRows(rowList, run * width, panel);
    tap += run;
    tapColumn += run;
    if (tapColumn == filterWidth) {
      tapColumn = 0;
      tapRow++;
    }
  }
}

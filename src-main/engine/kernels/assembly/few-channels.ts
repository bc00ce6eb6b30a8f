/**
 * Convolution of pictures with few channels. A patch is then so short that packing it costs more than
 * multiplying it: each picture is copied once into a frame of zeros, and the patches are read in place.
 */
import {
  activateBlock,
  BLOCK_COLUMNS,
  BLOCK_ROWS,
  clearEdge,
  EDGE_BYTES,
  HALF_COLUMNS,
  LINE_BYTES,
  TILE_BYTES,
  zerosOf,
} from './micro-kernel';
import { packRight } from './packing';
import { ConvolutionJob, paddedPanels, taps } from './picture';
import { multiplyAdd, rangeStart } from './vector';

/** Longest patch, in floats, for which it pays. */
const LONGEST_PATCH: i32 = 128;

@inline
function frameHeight(job: ConvolutionJob): i32 {
  return (job.outputHeight - 1) * job.stride + job.filterHeight;
}

@inline
function frameWidth(job: ConvolutionJob): i32 {
  return (job.outputWidth - 1) * job.stride + job.filterWidth;
}

export function hasFewChannels(job: ConvolutionJob): bool {
  return taps(job) * job.inputChannels <= LONGEST_PATCH && job.outputChannels >= HALF_COLUMNS;
}

export function fewChannelsScratch(job: ConvolutionJob): usize {
  const frame = <usize>(frameHeight(job) * frameWidth(job) * job.inputChannels) * 4;
  return EDGE_BYTES + paddedPanels(job.outputChannels, taps(job) * job.inputChannels) + frame;
}

/**
 * Eight channels of BLOCK_ROWS neighbouring positions of the output, from patches that start at `patch`; `start` holds
 * what the sums of all of them begin with.
 */
function patchBlock(
  lines: i32,
  lineLength: i32,
  lineBytes: usize,
  patch0: usize,
  patch1: usize,
  patch2: usize,
  patch3: usize,
  patch4: usize,
  patch5: usize,
  b: usize,
  start: usize,
  c: usize,
  stride: usize,
): void {
  let low0 = v128.load(start);
  let high0 = v128.load(start, 16);
  let low1 = v128.load(start);
  let high1 = v128.load(start, 16);
  let low2 = v128.load(start);
  let high2 = v128.load(start, 16);
  let low3 = v128.load(start);
  let high3 = v128.load(start, 16);
  let low4 = v128.load(start);
  let high4 = v128.load(start, 16);
  let low5 = v128.load(start);
  let high5 = v128.load(start, 16);
  const rest = lineBytes - <usize>lineLength * 4;
  for (let line = 0; line < lines; line++) {
    for (let step = 0; step < lineLength; step++) {
      const bLow = v128.load(b);
      const bHigh = v128.load(b, 16);
      let value = v128.load32_splat(patch0);
      low0 = multiplyAdd(value, bLow, low0);
      high0 = multiplyAdd(value, bHigh, high0);
      value = v128.load32_splat(patch1);
      low1 = multiplyAdd(value, bLow, low1);
      high1 = multiplyAdd(value, bHigh, high1);
      value = v128.load32_splat(patch2);
      low2 = multiplyAdd(value, bLow, low2);
      high2 = multiplyAdd(value, bHigh, high2);
      value = v128.load32_splat(patch3);
      low3 = multiplyAdd(value, bLow, low3);
      high3 = multiplyAdd(value, bHigh, high3);
      value = v128.load32_splat(patch4);
      low4 = multiplyAdd(value, bLow, low4);
      high4 = multiplyAdd(value, bHigh, high4);
      if (ASC_FEATURE_RELAXED_SIMD) {
        value = v128.load32_splat(patch5);
        low5 = multiplyAdd(value, bLow, low5);
        high5 = multiplyAdd(value, bHigh, high5);
        patch5 += 4;
      }
      patch0 += 4;
      patch1 += 4;
      patch2 += 4;
      patch3 += 4;
      patch4 += 4;
      b += BLOCK_COLUMNS * 4;
    }
    patch0 += rest;
    patch1 += rest;
    patch2 += rest;
    patch3 += rest;
    patch4 += rest;
    patch5 += rest;
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

/** Copies a picture into its frame; what stands outside the picture was cleared before and stays zero. */
function frame(job: ConvolutionJob, picture: usize, target: usize): void {
  const pixelBytes = <usize>job.inputChannels * 4;
  const lineBytes = <usize>frameWidth(job) * pixelBytes;
  const left = max(0, -job.paddingLeft);
  const columns = min(job.inputWidth, frameWidth(job) - job.paddingLeft) - left;
  const rows = min(job.inputHeight, frameHeight(job) - job.paddingTop);
  for (let row = 0; row < rows; row++) {
    const from = picture + <usize>(row * job.inputWidth + left) * pixelBytes;
    const to = target + <usize>(row + job.paddingTop) * lineBytes + <usize>job.paddingLeft * pixelBytes;
    memory.copy(to, from, <usize>columns * pixelBytes);
  }
}

/** As `convolution`; threads share the pictures. */
export function convolutionOfFewChannels(job: ConvolutionJob, index: i32, count: i32, scratch: usize): void {
  const channels = job.inputChannels;
  const outputChannels = job.outputChannels;
  const depth = taps(job) * channels;
  const panels = scratch + EDGE_BYTES;
  const framed = panels + paddedPanels(outputChannels, depth);
  const lineBytes = <usize>(frameWidth(job) * channels) * 4;
  const stepBytes = <usize>(job.stride * channels) * 4;
  const stride = <usize>outputChannels * 4;
  const outputWidth = job.outputWidth;
  const positions = job.outputHeight * outputWidth;
  const pictureBytes = <usize>(job.inputHeight * job.inputWidth * channels) * 4;
  packRight(false, job.filter, outputChannels, depth, 0, outputChannels, panels);
  memory.fill(framed, 0, <usize>frameHeight(job) * lineBytes);
  const paddedBias = scratch + TILE_BYTES;
  clearEdge(scratch);
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    frame(job, <usize>job.input + <usize>n * pictureBytes, framed);
    const output = <usize>job.output + <usize>n * positions * stride;
    for (let position = 0; position < positions; position += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, positions - position);
      const last = position + rows - 1;
      const patch0 = patchOf(position, last, outputWidth, job.stride, lineBytes, stepBytes, framed);
      const patch1 = patchOf(position + 1, last, outputWidth, job.stride, lineBytes, stepBytes, framed);
      const patch2 = patchOf(position + 2, last, outputWidth, job.stride, lineBytes, stepBytes, framed);
      const patch3 = patchOf(position + 3, last, outputWidth, job.stride, lineBytes, stepBytes, framed);
      const patch4 = patchOf(position + 4, last, outputWidth, job.stride, lineBytes, stepBytes, framed);
      const patch5 = patchOf(position + 5, last, outputWidth, job.stride, lineBytes, stepBytes, framed);
      for (let j = 0; j < outputChannels; j += HALF_COLUMNS) {
        const columns = min(HALF_COLUMNS, outputChannels - j);
        const whole = rows == BLOCK_ROWS && columns == HALF_COLUMNS;
        const target = output + <usize>position * stride + <usize>j * 4;
        const sums = whole ? target : scratch;
        const sumStride = whole ? stride : LINE_BYTES;
        let start = zerosOf(scratch);
        if (job.bias != 0) {
          start = <usize>job.bias + j * 4;
          if (columns != HALF_COLUMNS) {
            memory.copy(paddedBias, start, columns * 4);
            start = paddedBias;
          }
        }
        // A panel holds BLOCK_COLUMNS, which may be two times eight.
        const panel = panels + <usize>((j & ~(BLOCK_COLUMNS - 1)) * depth + (j & (BLOCK_COLUMNS - 1))) * 4;
        patchBlock(
          job.filterHeight,
          job.filterWidth * channels,
          lineBytes,
          patch0,
          patch1,
          patch2,
          patch3,
          patch4,
          patch5,
          panel,
          start,
          sums,
          sumStride,
        );
        if (job.activation != 0) activateBlock(sums, sumStride, rows, HALF_COLUMNS, job.activation);
        if (whole) continue;
        for (let r = 0; r < rows; r++) memory.copy(target + <usize>r * stride, scratch + <usize>r * LINE_BYTES, columns * 4);
      }
    }
  }
}

/** Where the patch of a position starts in the frame; positions behind the last repeat it. */
@inline
function patchOf(
  position: i32,
  last: i32,
  outputWidth: i32,
  step: i32,
  lineBytes: usize,
  stepBytes: usize,
  framed: usize,
): usize {
  const p = min(position, last);
  const row = p / outputWidth;
  return framed + <usize>(row * step) * lineBytes + <usize>(p - row * outputWidth) * stepBytes;
}

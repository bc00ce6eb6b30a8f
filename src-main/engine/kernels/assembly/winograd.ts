/**
 * Winograd's minimal filtering for convolutions of 4 x 4 with stride 2 (Winograd 1980; Lavin and Gray
 * 2016), the layers that halve and double pictures.
 *
 * The even and odd rows and columns of the input are four phases, on which such a convolution is one of
 * 2 x 2 with stride 1. A tile of 4 x 4 outputs takes 5 x 5 products at the points 0, 1, -1, 2 and infinity
 * instead of 8 x 8, so the matrix products over channels shrink to 0.39 of theirs:
 *
 *   output = A' [(G filter G') . (B' input B)] A,
 *
 * and both gradients are the transposes of the same three transformations. Transformed pictures are
 * [point, tile, phase and channel] or [point, tile, output channel], filters [point, phase and channel,
 * output channel], with `pointStride` bytes from point to point. Channels come in fours.
 */
import { activateInPlace, fillWithBias, inside } from './picture';
import { activate, rangeStart } from './vector';
import {
  storeInput,
  storeOutputBack,
  transformFilter,
  transformFilterBack,
  transformInput,
  transformInputBack,
  transformOutput,
  transformOutputBack,
} from './winograd-transforms';

@unmanaged
export class WinogradJob {
  /** A picture or a filter. */
  plain: u32;
  /** The same, transformed. */
  transformed: u32;
  pointStride: u32;
  /** Address of one float per channel of what is written, or 0 for none. */
  bias: u32;
  activation: i32;
  batch: i32;
  inputHeight: i32;
  inputWidth: i32;
  inputChannels: i32;
  outputHeight: i32;
  outputWidth: i32;
  outputChannels: i32;
}

const TILE: i32 = 4;
const POINTS: i32 = 5;

/** Squares of vectors between the passes over rows and over columns, then the addresses of a square's pixels. */
const SQUARES: usize = (16 + 20) * 16;
const ADDRESSES: usize = 128;

/** With a pixel's channels of zeros, for what lies outside a picture. */
export function winogradScratch(job: WinogradJob): usize {
  return SQUARES + ADDRESSES + <usize>max(job.inputChannels, job.outputChannels) * 4;
}

@inline
function tilesAlong(size: i32): i32 {
  return (size + TILE - 1) / TILE;
}

/**
 * Writes the addresses of a square of pixels, `count` wide and high, to `pixels`; where the picture ends, that of
 * `beside` instead. Every four channels of a square are then read and written without looking at its place again.
 */
function locate(
  picture: usize,
  row: i32,
  column: i32,
  step: i32,
  count: i32,
  height: i32,
  width: i32,
  pixelBytes: usize,
  beside: usize,
  pixels: usize,
): void {
  for (let a = 0; a < count; a++) {
    const y = row + a * step;
    const line = picture + <usize>(y * width) * pixelBytes;
    for (let b = 0; b < count; b++) {
      const x = column + b * step;
      const there = inside(y, height) && inside(x, width);
      store<u32>(pixels, <u32>(there ? line + <usize>x * pixelBytes : beside));
      pixels += 4;
    }
  }
}

@inline
function pixelAt(pixels: usize, which: usize, channel: usize): v128 {
  return v128.load(<usize>load<u32>(pixels + which * 4) + channel);
}

/** transformed = B' input B for the pictures of a thread. */
export function winogradInput(job: WinogradJob, index: i32, count: i32, square: usize): void {
  const channels = job.inputChannels;
  const pixelBytes = <usize>channels * 4;
  const down = tilesAlong(job.outputHeight);
  const across = tilesAlong(job.outputWidth);
  const point = <usize>job.pointStride;
  const pictureBytes = <usize>(job.inputHeight * job.inputWidth) * pixelBytes;
  const pixels = square + SQUARES;
  const zeros = pixels + ADDRESSES;
  memory.fill(zeros, 0, pixelBytes);
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.plain + <usize>n * pictureBytes;
    for (let tile = 0; tile < down * across; tile++) {
      const tileRow = tile / across;
      const top = tileRow * (2 * TILE) - 1;
      const left = (tile - tileRow * across) * (2 * TILE) - 1;
      let target = <usize>job.transformed + <usize>(n * down * across + tile) * 4 * pixelBytes;
      for (let phase = 0; phase < 4; phase++) {
        const row = top + (phase >> 1);
        const column = left + (phase & 1);
        locate(picture, row, column, 2, POINTS, job.inputHeight, job.inputWidth, pixelBytes, zeros, pixels);
        for (let c: usize = 0; c < pixelBytes; c += 16) {
          for (let b: usize = 0; b < 5; b++) {
            const d0 = pixelAt(pixels, b, c);
            const d1 = pixelAt(pixels, b + 5, c);
            const d2 = pixelAt(pixels, b + 10, c);
            const d3 = pixelAt(pixels, b + 15, c);
            const d4 = pixelAt(pixels, b + 20, c);
            storeInput(d0, d1, d2, d3, d4, square + b * 16, 80);
          }
          for (let a: usize = 0; a < 5; a++) {
            transformInput(square + a * 80, 16, target + a * 5 * point, point);
          }
          target += 16;
        }
      }
    }
  }
}

/** input = activation(transpose of `winogradInput` + bias), the bias per input channel. */
export function winogradInputBack(job: WinogradJob, index: i32, count: i32, square: usize): void {
  const channels = job.inputChannels;
  const pixelBytes = <usize>channels * 4;
  const height = job.inputHeight;
  const width = job.inputWidth;
  const down = tilesAlong(job.outputHeight);
  const across = tilesAlong(job.outputWidth);
  const point = <usize>job.pointStride;
  const pictureFloats = height * width * channels;
  const pixels = square + SQUARES;
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.plain + <usize>n * pictureFloats * 4;
    fillWithBias(picture, pictureFloats, channels, job.bias);
    for (let tile = 0; tile < down * across; tile++) {
      const tileRow = tile / across;
      const top = tileRow * (2 * TILE) - 1;
      const left = (tile - tileRow * across) * (2 * TILE) - 1;
      let source = <usize>job.transformed + <usize>(n * down * across + tile) * 4 * pixelBytes;
      for (let phase = 0; phase < 4; phase++) {
        const row = top + (phase >> 1);
        const column = left + (phase & 1);
        locate(picture, row, column, 2, POINTS, height, width, pixelBytes, 0, pixels);
        for (let c: usize = 0; c < pixelBytes; c += 16) {
          for (let a: usize = 0; a < 5; a++) {
            transformInputBack(source + a * 5 * point, point, square + a * 80, 16);
          }
          for (let b: usize = 0; b < 5; b++) transformInputBack(square + b * 16, 80, square + b * 16, 80);
          for (let i: usize = 0; i < <usize>(POINTS * POINTS); i++) {
            const start = <usize>load<u32>(pixels + i * 4);
            if (start == 0) continue;
            const pixel = start + c;
            v128.store(pixel, f32x4.add(v128.load(pixel), v128.load(square + i * 16)));
          }
          source += 16;
        }
      }
    }
    if (job.activation != 0) activateInPlace(picture, pictureFloats, job.activation);
  }
}

/** output = activation(A' transformed A + bias), the bias per output channel. */
export function winogradOutput(job: WinogradJob, index: i32, count: i32, square: usize): void {
  const pixelBytes = <usize>job.outputChannels * 4;
  const height = job.outputHeight;
  const width = job.outputWidth;
  const down = tilesAlong(height);
  const across = tilesAlong(width);
  const point = <usize>job.pointStride;
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.plain + <usize>(n * height * width) * pixelBytes;
    for (let tile = 0; tile < down * across; tile++) {
      const row = (tile / across) * TILE;
      const column = (tile % across) * TILE;
      const source = <usize>job.transformed + <usize>(n * down * across + tile) * pixelBytes;
      for (let c: usize = 0; c < pixelBytes; c += 16) {
        for (let a: usize = 0; a < 5; a++) {
          transformOutput(source + c + a * 5 * point, point, square + a * 80, 16);
        }
        for (let b: usize = 0; b < 4; b++) transformOutput(square + b * 16, 80, square + b * 16, 80);
        const bias = job.bias != 0 ? v128.load(<usize>job.bias + c) : f32x4.splat(0);
        for (let a = 0; a < min(TILE, height - row); a++) {
          for (let b = 0; b < min(TILE, width - column); b++) {
            const sum = f32x4.add(v128.load(square + <usize>(a * POINTS + b) * 16), bias);
            const pixel = picture + <usize>((row + a) * width + column + b) * pixelBytes + c;
            v128.store(pixel, activate(sum, job.activation));
          }
        }
      }
    }
  }
}

/** transformed = A output A', the transpose of `winogradOutput`, for the gradient of the output. */
export function winogradOutputBack(job: WinogradJob, index: i32, count: i32, square: usize): void {
  const pixelBytes = <usize>job.outputChannels * 4;
  const height = job.outputHeight;
  const width = job.outputWidth;
  const down = tilesAlong(height);
  const across = tilesAlong(width);
  const point = <usize>job.pointStride;
  const rows = square;
  const pixels = square + SQUARES;
  const zeros = pixels + ADDRESSES;
  memory.fill(zeros, 0, pixelBytes);
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.plain + <usize>(n * height * width) * pixelBytes;
    for (let tile = 0; tile < down * across; tile++) {
      const row = (tile / across) * TILE;
      const column = (tile % across) * TILE;
      const target = <usize>job.transformed + <usize>(n * down * across + tile) * pixelBytes;
      locate(picture, row, column, 1, TILE, height, width, pixelBytes, zeros, pixels);
      for (let c: usize = 0; c < pixelBytes; c += 16) {
        for (let b: usize = 0; b < 4; b++) {
          const e0 = pixelAt(pixels, b, c);
          const e1 = pixelAt(pixels, b + 4, c);
          const e2 = pixelAt(pixels, b + 8, c);
          const e3 = pixelAt(pixels, b + 12, c);
          storeOutputBack(e0, e1, e2, e3, rows + b * 16, 64);
        }
        for (let a: usize = 0; a < 5; a++) {
          transformOutputBack(rows + a * 64, 16, target + c + a * 5 * point, point);
        }
      }
    }
  }
}

/** transformed = G filter G'; threads share the input channels. */
export function winogradFilter(job: WinogradJob, index: i32, count: i32, square: usize): void {
  const channels = job.inputChannels;
  const outputBytes = <usize>job.outputChannels * 4;
  const tapBytes = <usize>channels * outputBytes;
  const point = <usize>job.pointStride;
  const end = rangeStart(channels, 1, index + 1, count);
  for (let phase = 0; phase < 4; phase++) {
    const first = <usize>job.plain + <usize>((phase >> 1) * 4 + (phase & 1)) * tapBytes;
    for (let c = rangeStart(channels, 1, index, count); c < end; c++) {
      const source = first + <usize>c * outputBytes;
      const target = <usize>job.transformed + <usize>(phase * channels + c) * outputBytes;
      for (let o: usize = 0; o < outputBytes; o += 16) {
        // Neighbouring taps of a phase are two rows or two columns apart.
        transformFilter(source + o, 8 * tapBytes, square, 32);
        transformFilter(source + o + 2 * tapBytes, 8 * tapBytes, square + 16, 32);
        for (let a: usize = 0; a < 5; a++) {
          transformFilter(square + a * 32, 16, target + o + a * 5 * point, point);
        }
      }
    }
  }
}

/** filter = G' transformed G, the transpose of `winogradFilter`; threads share the input channels. */
export function winogradFilterBack(job: WinogradJob, index: i32, count: i32, square: usize): void {
  const channels = job.inputChannels;
  const outputBytes = <usize>job.outputChannels * 4;
  const tapBytes = <usize>channels * outputBytes;
  const point = <usize>job.pointStride;
  const end = rangeStart(channels, 1, index + 1, count);
  for (let phase = 0; phase < 4; phase++) {
    const first = <usize>job.plain + <usize>((phase >> 1) * 4 + (phase & 1)) * tapBytes;
    for (let c = rangeStart(channels, 1, index, count); c < end; c++) {
      const target = first + <usize>c * outputBytes;
      const source = <usize>job.transformed + <usize>(phase * channels + c) * outputBytes;
      for (let o: usize = 0; o < outputBytes; o += 16) {
        for (let a: usize = 0; a < 5; a++) {
          transformFilterBack(source + o + a * 5 * point, point, square + a * 32, 16);
        }
        transformFilterBack(square, 32, target + o, 8 * tapBytes);
        transformFilterBack(square + 16, 32, target + o + 2 * tapBytes, 8 * tapBytes);
      }
    }
  }
}

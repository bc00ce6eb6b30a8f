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
import { activate, multiplyAdd, rangeStart } from './vector';

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

/** Squares of vectors before and between the passes over rows and over columns. */
export const WINOGRAD_SCRATCH: usize = (16 + 20) * 16;

@inline
function tilesAlong(size: i32): i32 {
  return (size + TILE - 1) / TILE;
}

@inline
function times(value: v128, factor: f32): v128 {
  return f32x4.mul(value, f32x4.splat(factor));
}

@inline
function plusTimes(sum: v128, value: v128, factor: f32): v128 {
  return multiplyAdd(value, f32x4.splat(factor), sum);
}

/** B' d along one axis, from vectors `from` bytes apart to vectors `to` bytes apart. */
@inline
function transformInput(source: usize, from: usize, target: usize, to: usize): void {
  const d0 = v128.load(source);
  const d1 = v128.load(source + from);
  const d2 = v128.load(source + 2 * from);
  const d3 = v128.load(source + 3 * from);
  const d4 = v128.load(source + 4 * from);
  const odd = f32x4.sub(d3, d1);
  v128.store(target, plusTimes(odd, f32x4.sub(d0, d2), 2));
  v128.store(target + to, f32x4.sub(plusTimes(d3, d1, -2), d2));
  v128.store(target + 2 * to, plusTimes(plusTimes(d3, d1, 2), d2, -3));
  v128.store(target + 3 * to, odd);
  v128.store(target + 4 * to, plusTimes(f32x4.sub(d4, d2), odd, -2));
}

/** The transpose of `transformInput`. */
@inline
function transformInputBack(source: usize, from: usize, target: usize, to: usize): void {
  const n0 = v128.load(source);
  const n1 = v128.load(source + from);
  const n2 = v128.load(source + 2 * from);
  const n3 = v128.load(source + 3 * from);
  const n4 = v128.load(source + 4 * from);
  const difference = f32x4.add(f32x4.sub(n2, n1), n4);
  v128.store(target, times(n0, 2));
  v128.store(target + to, f32x4.sub(plusTimes(f32x4.neg(n0), difference, 2), n3));
  const sum = f32x4.add(n1, n4);
  v128.store(target + 2 * to, f32x4.neg(f32x4.add(plusTimes(sum, n0, 2), times(n2, 3))));
  const all = f32x4.add(f32x4.add(n0, n1), f32x4.add(n2, n3));
  v128.store(target + 3 * to, plusTimes(all, n4, -2));
  v128.store(target + 4 * to, n4);
}

/** A' m along one axis: five vectors become four. */
@inline
function transformOutput(source: usize, from: usize, target: usize, to: usize): void {
  const m0 = v128.load(source);
  const m1 = v128.load(source + from);
  const m2 = v128.load(source + 2 * from);
  const m3 = v128.load(source + 3 * from);
  const m4 = v128.load(source + 4 * from);
  const sum = f32x4.add(m1, m2);
  const difference = f32x4.sub(m1, m2);
  v128.store(target, f32x4.add(f32x4.add(m0, sum), m3));
  v128.store(target + to, plusTimes(difference, m3, 2));
  v128.store(target + 2 * to, plusTimes(sum, m3, 4));
  v128.store(target + 3 * to, plusTimes(f32x4.add(difference, m4), m3, 8));
}

/** A e along one axis, the transpose of `transformOutput`: four vectors become five. */
@inline
function transformOutputBack(source: usize, from: usize, target: usize, to: usize): void {
  const e0 = v128.load(source);
  const e1 = v128.load(source + from);
  const e2 = v128.load(source + 2 * from);
  const e3 = v128.load(source + 3 * from);
  const even = f32x4.add(e0, e2);
  const odd = f32x4.add(e1, e3);
  v128.store(target, e0);
  v128.store(target + to, f32x4.add(even, odd));
  v128.store(target + 2 * to, f32x4.sub(even, odd));
  v128.store(target + 3 * to, plusTimes(plusTimes(plusTimes(e0, e1, 2), e2, 4), e3, 8));
  v128.store(target + 4 * to, e3);
}

/** G g along one axis: two vectors become five. */
@inline
function transformFilter(source: usize, from: usize, target: usize, to: usize): void {
  const g0 = v128.load(source);
  const g1 = v128.load(source + from);
  v128.store(target, times(g0, 0.5));
  v128.store(target + to, times(f32x4.add(g0, g1), -0.5));
  v128.store(target + 2 * to, times(f32x4.sub(g1, g0), 1.0 / 6.0));
  v128.store(target + 3 * to, times(plusTimes(g0, g1, 2), 1.0 / 6.0));
  v128.store(target + 4 * to, g1);
}

/** The transpose of `transformFilter`. */
@inline
function transformFilterBack(source: usize, from: usize, target: usize, to: usize): void {
  const u0 = v128.load(source);
  const u1 = times(v128.load(source + from), -0.5);
  const u2 = times(v128.load(source + 2 * from), 1.0 / 6.0);
  const u3 = times(v128.load(source + 3 * from), 1.0 / 6.0);
  const u4 = v128.load(source + 4 * from);
  v128.store(target, f32x4.add(plusTimes(f32x4.sub(u3, u2), u0, 0.5), u1));
  v128.store(target + to, f32x4.add(plusTimes(f32x4.add(u1, u2), u3, 2), u4));
}

/** Copies a square of pixels, `count` wide and high, to `square`; zero where the picture ends. */
@inline
function gather(
  picture: usize,
  row: i32,
  column: i32,
  step: i32,
  count: i32,
  height: i32,
  width: i32,
  pixelBytes: usize,
  square: usize,
): void {
  for (let a = 0; a < count; a++) {
    const y = row + a * step;
    const line = picture + <usize>(y * width) * pixelBytes;
    for (let b = 0; b < count; b++) {
      const x = column + b * step;
      const readable = inside(y, height) && inside(x, width);
      const value = readable ? v128.load(line + <usize>x * pixelBytes) : f32x4.splat(0);
      v128.store(square + <usize>(a * count + b) * 16, value);
    }
  }
}

/** transformed = B' input B for the pictures of a thread. */
export function winogradInput(job: WinogradJob, index: i32, count: i32, square: usize): void {
  const channels = job.inputChannels;
  const pixelBytes = <usize>channels * 4;
  const down = tilesAlong(job.outputHeight);
  const across = tilesAlong(job.outputWidth);
  const point = <usize>job.pointStride;
  const pictureBytes = <usize>(job.inputHeight * job.inputWidth) * pixelBytes;
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
        for (let c: usize = 0; c < pixelBytes; c += 16) {
          gather(picture + c, row, column, 2, POINTS, job.inputHeight, job.inputWidth, pixelBytes, square);
          for (let b: usize = 0; b < 5; b++) transformInput(square + b * 16, 80, square + b * 16, 80);
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
        for (let c: usize = 0; c < pixelBytes; c += 16) {
          for (let a: usize = 0; a < 5; a++) {
            transformInputBack(source + a * 5 * point, point, square + a * 80, 16);
          }
          for (let b: usize = 0; b < 5; b++) transformInputBack(square + b * 16, 80, square + b * 16, 80);
          for (let a = 0; a < POINTS; a++) {
            const y = row + 2 * a;
            if (!inside(y, height)) continue;
            for (let b = 0; b < POINTS; b++) {
              const x = column + 2 * b;
              if (!inside(x, width)) continue;
              const pixel = picture + <usize>(y * width + x) * pixelBytes + c;
              const change = v128.load(square + <usize>(a * POINTS + b) * 16);
              v128.store(pixel, f32x4.add(v128.load(pixel), change));
            }
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
  const rows = square + 16 * 16;
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.plain + <usize>(n * height * width) * pixelBytes;
    for (let tile = 0; tile < down * across; tile++) {
      const row = (tile / across) * TILE;
      const column = (tile % across) * TILE;
      const target = <usize>job.transformed + <usize>(n * down * across + tile) * pixelBytes;
      for (let c: usize = 0; c < pixelBytes; c += 16) {
        gather(picture + c, row, column, 1, TILE, height, width, pixelBytes, square);
        for (let b: usize = 0; b < 4; b++) transformOutputBack(square + b * 16, 64, rows + b * 16, 64);
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

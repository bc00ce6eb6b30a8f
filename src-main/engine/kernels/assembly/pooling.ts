/**
 * Pooling over windows of pixels, and its gradients. Of the job, `input` and `output` are pictures, one before
 * and one after pooling, with as many channels; `filter` is a third picture where a kernel takes one. Threads
 * share the pictures. What lies outside the picture takes no part, not even in the number of an average.
 */
import { ConvolutionJob, inside } from './picture';
import { rangeStart } from './vector';

/** output[window] = the largest of the input there. */
export function largestPooling(job: ConvolutionJob, index: i32, count: i32): void {
  pool(job, index, count, true);
}

/** output[window] = the mean of the input there. */
export function averagePooling(job: ConvolutionJob, index: i32, count: i32): void {
  pool(job, index, count, false);
}

@inline
function pool(job: ConvolutionJob, index: i32, count: i32, largest: bool): void {
  const channels = job.inputChannels;
  const rowBytes = <usize>(job.inputWidth * channels) << 2;
  const pixelBytes = <usize>channels << 2;
  const end = rangeStart(job.batch * job.outputHeight, 1, index + 1, count);
  for (let line = rangeStart(job.batch * job.outputHeight, 1, index, count); line < end; line++) {
    const n = line / job.outputHeight;
    const row = line - n * job.outputHeight;
    const picture = <usize>job.input + <usize>(n * job.inputHeight) * rowBytes;
    let target = <usize>job.output + <usize>(line * job.outputWidth) * pixelBytes;
    const top = row * job.stride - job.paddingTop;
    const firstRow = max(0, top);
    const lastRow = min(job.inputHeight, top + job.filterHeight);
    for (let column = 0; column < job.outputWidth; column++) {
      const left = column * job.stride - job.paddingLeft;
      const firstColumn = max(0, left);
      const lastColumn = min(job.inputWidth, left + job.filterWidth);
      const share: f32 = <f32>1 / <f32>((lastRow - firstRow) * (lastColumn - firstColumn));
      const start = picture + <usize>firstRow * rowBytes + <usize>firstColumn * pixelBytes;
      let c: usize = 0;
      for (; c + 16 <= pixelBytes; c += 16) {
        let value = largest ? v128.load(start + c) : f32x4.splat(0);
        for (let a = firstRow; a < lastRow; a++) {
          let source = picture + <usize>a * rowBytes + <usize>firstColumn * pixelBytes + c;
          for (let b = firstColumn; b < lastColumn; b++) {
            const pixel = v128.load(source);
            value = largest ? f32x4.max(value, pixel) : f32x4.add(value, pixel);
            source += pixelBytes;
          }
        }
        v128.store(target + c, largest ? value : f32x4.mul(value, f32x4.splat(share)));
      }
      for (; c < pixelBytes; c += 4) {
        let value: f32 = largest ? f32.load(start + c) : 0;
        for (let a = firstRow; a < lastRow; a++) {
          let source = picture + <usize>a * rowBytes + <usize>firstColumn * pixelBytes + c;
          for (let b = firstColumn; b < lastColumn; b++) {
            const pixel = f32.load(source);
            value = largest ? max(value, pixel) : value + pixel;
            source += pixelBytes;
          }
        }
        f32.store(target + c, largest ? value : value * share);
      }
      target += pixelBytes;
    }
  }
}

/**
 * output[input pixel] = sum of the shares of the gradients `filter` of the windows that it lies in; `output` has
 * the shape of the pictures before pooling.
 */
export function averageGradient(job: ConvolutionJob, index: i32, count: i32): void {
  const channels = job.inputChannels;
  const rowBytes = <usize>(job.inputWidth * channels) << 2;
  const pixelBytes = <usize>channels << 2;
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.output + <usize>(n * job.inputHeight) * rowBytes;
    let gradient = <usize>job.filter + <usize>(n * job.outputHeight * job.outputWidth) * pixelBytes;
    memory.fill(picture, 0, <usize>job.inputHeight * rowBytes);
    for (let row = 0; row < job.outputHeight; row++) {
      const top = row * job.stride - job.paddingTop;
      const firstRow = max(0, top);
      const lastRow = min(job.inputHeight, top + job.filterHeight);
      for (let column = 0; column < job.outputWidth; column++) {
        const left = column * job.stride - job.paddingLeft;
        const firstColumn = max(0, left);
        const lastColumn = min(job.inputWidth, left + job.filterWidth);
        const share: f32 = <f32>1 / <f32>((lastRow - firstRow) * (lastColumn - firstColumn));
        const shares = f32x4.splat(share);
        for (let a = firstRow; a < lastRow; a++) {
          let target = picture + <usize>a * rowBytes + <usize>firstColumn * pixelBytes;
          for (let b = firstColumn; b < lastColumn; b++) {
            let c: usize = 0;
            for (; c + 16 <= pixelBytes; c += 16) {
              const value = f32x4.mul(v128.load(gradient + c), shares);
              v128.store(target + c, f32x4.add(v128.load(target + c), value));
            }
            for (; c < pixelBytes; c += 4) {
              f32.store(target + c, f32.load(target + c) + f32.load(gradient + c) * share);
            }
            target += pixelBytes;
          }
        }
        gradient += pixelBytes;
      }
    }
  }
}

/** Address of the first largest pixel of a channel in a window, or 0 where there is none. */
@inline
function firstLargest(job: ConvolutionJob, picture: usize, top: i32, left: i32, channel: i32): usize {
  let best: usize = 0;
  let largest: f32 = -Infinity;
  for (let a = 0; a < job.filterHeight; a++) {
    if (!inside(top + a, job.inputHeight)) continue;
    for (let b = 0; b < job.filterWidth; b++) {
      if (!inside(left + b, job.inputWidth)) continue;
      const pixel = (top + a) * job.inputWidth + left + b;
      const at = picture + (<usize>(pixel * job.inputChannels + channel) << 2);
      const value = f32.load(at);
      if (value > largest) {
        largest = value;
        best = at;
      }
    }
  }
  return best;
}

/**
 * output[input pixel] = sum of the gradients `filter` of those windows in which it is the first largest, in the
 * shape of the input.
 */
export function largestGradient(job: ConvolutionJob, index: i32, count: i32): void {
  const channels = job.inputChannels;
  const pictureFloats = job.inputHeight * job.inputWidth * channels;
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.input + (<usize>n * pictureFloats << 2);
    const target = <usize>job.output + (<usize>n * pictureFloats << 2);
    let gradient = <usize>job.filter + (<usize>(n * job.outputHeight * job.outputWidth * channels) << 2);
    memory.fill(target, 0, <usize>pictureFloats << 2);
    for (let row = 0; row < job.outputHeight; row++) {
      const top = row * job.stride - job.paddingTop;
      for (let column = 0; column < job.outputWidth; column++) {
        const left = column * job.stride - job.paddingLeft;
        for (let c = 0; c < channels; c++) {
          const best = firstLargest(job, picture, top, left, c);
          if (best != 0) {
            const at = target + (best - picture);
            f32.store(at, f32.load(at) + f32.load(gradient));
          }
          gradient += 4;
        }
      }
    }
  }
}

/** output[window] = what `filter`, a picture like the input, holds where the input is first largest. */
export function largestChoice(job: ConvolutionJob, index: i32, count: i32): void {
  const channels = job.inputChannels;
  const pictureFloats = job.inputHeight * job.inputWidth * channels;
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.input + (<usize>n * pictureFloats << 2);
    const values = <usize>job.filter + (<usize>n * pictureFloats << 2);
    let target = <usize>job.output + (<usize>(n * job.outputHeight * job.outputWidth * channels) << 2);
    for (let row = 0; row < job.outputHeight; row++) {
      const top = row * job.stride - job.paddingTop;
      for (let column = 0; column < job.outputWidth; column++) {
        const left = column * job.stride - job.paddingLeft;
        for (let c = 0; c < channels; c++) {
          const best = firstLargest(job, picture, top, left, c);
          f32.store(target, best != 0 ? f32.load(values + (best - picture)) : 0);
          target += 4;
        }
      }
    }
  }
}

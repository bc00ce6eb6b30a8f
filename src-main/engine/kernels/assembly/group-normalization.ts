/**
 * Group normalization (Wu and He 2018) of pictures [batch, pixel, channel]: in each picture, the channels of a
 * group share mean and variance over all pixels. Threads share the pictures.
 */
import { multiplyAdd, rangeStart } from './vector';

@unmanaged
export class GroupNormalizationJob {
  batch: i32;
  pixels: i32;
  channels: i32;
  groups: i32;
  input: u32;
  scale: u32;
  shift: u32;
  output: u32;
  /** One of each per picture and group; the second is 1 / sqrt(variance + epsilon). */
  mean: u32;
  inverseDeviation: u32;
  gradient: u32;
  /** One row of channels for each picture. */
  scaleGradient: u32;
  shiftGradient: u32;
  epsilon: f32;
}

/** Pixels summed before the sum joins the total, which bounds rounding in a large picture. */
const RUN: i32 = 128;

export function groupNormalizationScratch(channels: i32): usize {
  return <usize>(channels + 8) * 4 * 4;
}

/**
 * firsts[c] = sum over pixels of a[c] - offset[c]; seconds[c] = sum of its product with b[c], or with itself
 * where `b` is 0.
 */
function sumPixels(
  a: usize,
  b: usize,
  offsets: usize,
  pixels: i32,
  channels: i32,
  firsts: usize,
  seconds: usize,
): void {
  const stride = <usize>channels << 2;
  memory.fill(firsts, 0, stride);
  memory.fill(seconds, 0, stride);
  for (let start = 0; start < pixels; start += RUN) {
    const count = min(RUN, pixels - start);
    let c: usize = 0;
    for (; c + 16 <= stride; c += 16) {
      const offset = v128.load(offsets + c);
      let first = f32x4.splat(0);
      let second = f32x4.splat(0);
      let at = <usize>start * stride + c;
      for (let pixel = 0; pixel < count; pixel++) {
        const value = f32x4.sub(v128.load(a + at), offset);
        const other = b != 0 ? v128.load(b + at) : value;
        first = f32x4.add(first, b != 0 ? other : value);
        second = multiplyAdd(value, other, second);
        at += stride;
      }
      v128.store(firsts + c, f32x4.add(v128.load(firsts + c), first));
      v128.store(seconds + c, f32x4.add(v128.load(seconds + c), second));
    }
    for (; c < stride; c += 4) {
      const offset = f32.load(offsets + c);
      let first: f32 = 0;
      let second: f32 = 0;
      let at = <usize>start * stride + c;
      for (let pixel = 0; pixel < count; pixel++) {
        const value = f32.load(a + at) - offset;
        const other = b != 0 ? f32.load(b + at) : value;
        first += other;
        second += value * other;
        at += stride;
      }
      f32.store(firsts + c, f32.load(firsts + c) + first);
      f32.store(seconds + c, f32.load(seconds + c) + second);
    }
  }
}

/** output = (x - mean) * inverse deviation * scale + shift, and the two statistics. */
export function groupNormalization(job: GroupNormalizationJob, index: i32, count: i32, scratch: usize): void {
  const channels = job.channels;
  const stride = <usize>channels << 2;
  const width = channels / job.groups;
  const firsts = scratch;
  const seconds = firsts + <usize>(channels + 8) * 4;
  const offsets = seconds + <usize>(channels + 8) * 4;
  const members = <f32>(width * job.pixels);
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const input = <usize>job.input + <usize>(n * job.pixels) * stride;
    const output = <usize>job.output + <usize>(n * job.pixels) * stride;
    // Measured from one value of each group, which keeps the variance exact where the mean is far from zero.
    for (let c = 0; c < channels; c++) {
      f32.store(offsets + (<usize>c << 2), f32.load(input + (<usize>((c / width) * width) << 2)));
    }
    sumPixels(input, 0, offsets, job.pixels, channels, firsts, seconds);
    for (let group = 0; group < job.groups; group++) {
      let sum: f32 = 0;
      let square: f32 = 0;
      for (let c = group * width; c < (group + 1) * width; c++) {
        sum += f32.load(firsts + (<usize>c << 2));
        square += f32.load(seconds + (<usize>c << 2));
      }
      const offset = sum / members;
      const mean = offset + f32.load(offsets + (<usize>(group * width) << 2));
      const variance = max<f32>(0, square / members - offset * offset);
      const inverse: f32 = <f32>1 / sqrt<f32>(variance + job.epsilon);
      const at = <usize>(n * job.groups + group) << 2;
      f32.store(<usize>job.mean + at, mean);
      f32.store(<usize>job.inverseDeviation + at, inverse);
      for (let c = group * width; c < (group + 1) * width; c++) {
        f32.store(firsts + (<usize>c << 2), mean);
        f32.store(seconds + (<usize>c << 2), inverse * f32.load(<usize>job.scale + (<usize>c << 2)));
      }
    }
    for (let pixel = 0; pixel < job.pixels; pixel++) {
      const skipped = <usize>pixel * stride;
      let c: usize = 0;
      for (; c + 16 <= stride; c += 16) {
        const value = f32x4.sub(v128.load(input + skipped + c), v128.load(firsts + c));
        const shift = v128.load(<usize>job.shift + c);
        v128.store(output + skipped + c, multiplyAdd(value, v128.load(seconds + c), shift));
      }
      for (; c < stride; c += 4) {
        const value = f32.load(input + skipped + c) - f32.load(firsts + c);
        f32.store(output + skipped + c, value * f32.load(seconds + c) + f32.load(<usize>job.shift + c));
      }
    }
  }
}

/**
 * With n = (x - mean) i, i the inverse deviation, and g = gradient * scale:
 * output = i (g - mean of g - n * mean of g n), the means over a picture's group; and, picture by picture,
 * shift' = sum of the gradient, scale' = sum of gradient * n.
 */
export function groupNormalizationGradient(
  job: GroupNormalizationJob,
  index: i32,
  count: i32,
  scratch: usize,
): void {
  const channels = job.channels;
  const stride = <usize>channels << 2;
  const width = channels / job.groups;
  const means = scratch;
  const slopes = means + <usize>(channels + 8) * 4;
  const constants = slopes + <usize>(channels + 8) * 4;
  const factors = constants + <usize>(channels + 8) * 4;
  const members = <f32>(width * job.pixels);
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const input = <usize>job.input + <usize>(n * job.pixels) * stride;
    const gradient = <usize>job.gradient + <usize>(n * job.pixels) * stride;
    const output = <usize>job.output + <usize>(n * job.pixels) * stride;
    const shiftGradient = <usize>job.shiftGradient + <usize>n * stride;
    const scaleGradient = <usize>job.scaleGradient + <usize>n * stride;
    for (let c = 0; c < channels; c++) {
      const mean = f32.load(<usize>job.mean + (<usize>(n * job.groups + c / width) << 2));
      f32.store(means + (<usize>c << 2), mean);
    }
    sumPixels(input, gradient, means, job.pixels, channels, shiftGradient, scaleGradient);
    for (let group = 0; group < job.groups; group++) {
      const inverse = f32.load(<usize>job.inverseDeviation + (<usize>(n * job.groups + group) << 2));
      let sum: f32 = 0;
      let product: f32 = 0;
      for (let c = group * width; c < (group + 1) * width; c++) {
        const at = <usize>c << 2;
        const scale = f32.load(<usize>job.scale + at);
        const ofScale = f32.load(scaleGradient + at) * inverse;
        f32.store(scaleGradient + at, ofScale);
        sum += scale * f32.load(shiftGradient + at);
        product += scale * ofScale;
      }
      for (let c = group * width; c < (group + 1) * width; c++) {
        const at = <usize>c << 2;
        f32.store(slopes + at, (-inverse * inverse * product) / members);
        f32.store(constants + at, (-inverse * sum) / members);
        f32.store(factors + at, inverse * f32.load(<usize>job.scale + at));
      }
    }
    for (let pixel = 0; pixel < job.pixels; pixel++) {
      const skipped = <usize>pixel * stride;
      let c: usize = 0;
      for (; c + 16 <= stride; c += 16) {
        const x = f32x4.sub(v128.load(input + skipped + c), v128.load(means + c));
        const rest = multiplyAdd(x, v128.load(slopes + c), v128.load(constants + c));
        const value = multiplyAdd(v128.load(gradient + skipped + c), v128.load(factors + c), rest);
        v128.store(output + skipped + c, value);
      }
      for (; c < stride; c += 4) {
        const x = f32.load(input + skipped + c) - f32.load(means + c);
        const rest = x * f32.load(slopes + c) + f32.load(constants + c);
        f32.store(output + skipped + c, f32.load(gradient + skipped + c) * f32.load(factors + c) + rest);
      }
    }
  }
}

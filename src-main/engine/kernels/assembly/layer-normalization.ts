/** Layer normalization (Ba et al. 2016) of x[rows, channels]: each row by its own mean and variance. */
import { multiplyAdd, rangeStart } from './vector';

@unmanaged
export class LayerNormalizationJob {
  rows: i32;
  channels: i32;
  input: u32;
  scale: u32;
  shift: u32;
  output: u32;
  /** One of each per row; the second is 1 / sqrt(variance + epsilon). */
  mean: u32;
  inverseDeviation: u32;
  gradient: u32;
  scaleGradient: u32;
  shiftGradient: u32;
  epsilon: f32;
}

@inline
function sumOf(value: v128): f32 {
  const pairs = f32x4.add(value, v128.shuffle<i64>(value, value, 1, 0));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** output = (x - mean) * inverse deviation * scale + shift, and the two statistics; threads share the rows. */
export function layerNormalization(job: LayerNormalizationJob, index: i32, count: i32): void {
  const channels = job.channels;
  const end = rangeStart(job.rows, 1, index + 1, count);
  for (let row = rangeStart(job.rows, 1, index, count); row < end; row++) {
    const input = <usize>job.input + <usize>(row * channels) * 4;
    const output = <usize>job.output + <usize>(row * channels) * 4;
    let sums = f32x4.splat(0);
    let c = 0;
    for (; c + 4 <= channels; c += 4) sums = f32x4.add(sums, v128.load(input + c * 4));
    let sum = sumOf(sums);
    for (; c < channels; c++) sum += f32.load(input + c * 4);
    const mean = sum / <f32>channels;
    const means = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    for (c = 0; c + 4 <= channels; c += 4) {
      const value = f32x4.sub(v128.load(input + c * 4), means);
      squares = multiplyAdd(value, value, squares);
    }
    let square = sumOf(squares);
    for (; c < channels; c++) {
      const value = f32.load(input + c * 4) - mean;
      square += value * value;
    }
    const inverse: f32 = <f32>1 / sqrt<f32>(square / <f32>channels + job.epsilon);
    f32.store(<usize>job.mean + row * 4, mean);
    f32.store(<usize>job.inverseDeviation + row * 4, inverse);
    const inverses = f32x4.splat(inverse);
    for (c = 0; c + 4 <= channels; c += 4) {
      const value = f32x4.mul(f32x4.sub(v128.load(input + c * 4), means), inverses);
      const scale = v128.load(<usize>job.scale + c * 4);
      v128.store(output + c * 4, multiplyAdd(value, scale, v128.load(<usize>job.shift + c * 4)));
    }
    for (; c < channels; c++) {
      const value = (f32.load(input + c * 4) - mean) * inverse;
      const scaled = value * f32.load(<usize>job.scale + c * 4);
      f32.store(output + c * 4, scaled + f32.load(<usize>job.shift + c * 4));
    }
  }
}

/**
 * With n = (x - mean) * inverse deviation and g = gradient * scale:
 * output = inverse deviation * (g - mean of g - n * mean of g n); threads share the rows.
 */
export function layerNormalizationGradient(job: LayerNormalizationJob, index: i32, count: i32): void {
  const channels = job.channels;
  const scale = <usize>job.scale;
  const end = rangeStart(job.rows, 1, index + 1, count);
  for (let row = rangeStart(job.rows, 1, index, count); row < end; row++) {
    const input = <usize>job.input + <usize>(row * channels) * 4;
    const gradient = <usize>job.gradient + <usize>(row * channels) * 4;
    const output = <usize>job.output + <usize>(row * channels) * 4;
    const mean = f32.load(<usize>job.mean + row * 4);
    const inverse = f32.load(<usize>job.inverseDeviation + row * 4);
    const means = f32x4.splat(mean);
    const inverses = f32x4.splat(inverse);
    let sums = f32x4.splat(0);
    let products = f32x4.splat(0);
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const value = f32x4.mul(f32x4.sub(v128.load(input + c * 4), means), inverses);
      const weighted = f32x4.mul(v128.load(gradient + c * 4), v128.load(scale + c * 4));
      sums = f32x4.add(sums, weighted);
      products = multiplyAdd(weighted, value, products);
    }
    let sum = sumOf(sums);
    let product = sumOf(products);
    for (; c < channels; c++) {
      const weighted = f32.load(gradient + c * 4) * f32.load(scale + c * 4);
      sum += weighted;
      product += weighted * ((f32.load(input + c * 4) - mean) * inverse);
    }
    const constant = sum / <f32>channels;
    const slope = product / <f32>channels;
    for (c = 0; c + 4 <= channels; c += 4) {
      const value = f32x4.mul(f32x4.sub(v128.load(input + c * 4), means), inverses);
      const weighted = f32x4.mul(v128.load(gradient + c * 4), v128.load(scale + c * 4));
      const centred = f32x4.sub(f32x4.sub(weighted, f32x4.splat(constant)), f32x4.mul(value, f32x4.splat(slope)));
      v128.store(output + c * 4, f32x4.mul(centred, inverses));
    }
    for (; c < channels; c++) {
      const value = (f32.load(input + c * 4) - mean) * inverse;
      const weighted = f32.load(gradient + c * 4) * f32.load(scale + c * 4);
      f32.store(output + c * 4, (weighted - constant - value * slope) * inverse);
    }
  }
}

/** shift' = sum of the gradient over the rows, scale' = sum of gradient * n; threads share the channels. */
export function layerNormalizationParameters(job: LayerNormalizationJob, index: i32, count: i32): void {
  const channels = job.channels;
  const end = rangeStart(channels, 4, index + 1, count);
  let c = rangeStart(channels, 4, index, count);
  for (; c + 4 <= end; c += 4) {
    let sum = f32x4.splat(0);
    let product = f32x4.splat(0);
    for (let row = 0; row < job.rows; row++) {
      const at = <usize>(row * channels + c) * 4;
      const mean = v128.load32_splat(<usize>job.mean + row * 4);
      const inverse = v128.load32_splat(<usize>job.inverseDeviation + row * 4);
      const value = f32x4.mul(f32x4.sub(v128.load(<usize>job.input + at), mean), inverse);
      const gradient = v128.load(<usize>job.gradient + at);
      sum = f32x4.add(sum, gradient);
      product = multiplyAdd(gradient, value, product);
    }
    v128.store(<usize>job.shiftGradient + c * 4, sum);
    v128.store(<usize>job.scaleGradient + c * 4, product);
  }
  for (; c < end; c++) {
    let sum: f32 = 0;
    let product: f32 = 0;
    for (let row = 0; row < job.rows; row++) {
      const at = <usize>(row * channels + c) * 4;
      const centred = f32.load(<usize>job.input + at) - f32.load(<usize>job.mean + row * 4);
      const gradient = f32.load(<usize>job.gradient + at);
      sum += gradient;
      product += gradient * (centred * f32.load(<usize>job.inverseDeviation + row * 4));
    }
    f32.store(<usize>job.shiftGradient + c * 4, sum);
    f32.store(<usize>job.scaleGradient + c * 4, product);
  }
}

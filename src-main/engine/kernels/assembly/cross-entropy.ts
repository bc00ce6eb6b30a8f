/** Binary cross-entropy of logits against targets, and its gradient. */
import { logistic, rangeStart, softplus } from './vector';

@unmanaged
export class CrossEntropyJob {
  length: i32;
  logits: u32;
  /** Address of `length` targets, or 0 where `target` stands for all. */
  targets: u32;
  /** Of the mean, a float; for the gradient, of `length` floats. */
  output: u32;
  /** For the gradient: address of the gradient of the mean. */
  upstream: u32;
  target: f32;
}

@inline
function targetsAt(job: CrossEntropyJob, offset: usize): v128 {
  return job.targets != 0 ? v128.load(<usize>job.targets + offset) : f32x4.splat(job.target);
}

/** max(x, 0) - t x + log(1 + e^-|x|), which is t softplus(-x) + (1 - t) softplus(x). */
@inline
function entropy(x: v128, target: v128): v128 {
  return f32x4.sub(softplus(x), f32x4.mul(target, x));
}

/** output = mean of the cross-entropies; one thread, so that the sum has one order. */
export function crossEntropy(job: CrossEntropyJob, index: i32): void {
  if (index != 0) return;
  let low = f64x2.splat(0);
  let high = low;
  let i = 0;
  for (; i + 4 <= job.length; i += 4) {
    const offset = <usize>i * 4;
    const value = entropy(v128.load(<usize>job.logits + offset), targetsAt(job, offset));
    low = f64x2.add(low, f64x2.promote_low_f32x4(value));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(value, value, 1, 1)));
  }
  const both = f64x2.add(low, high);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; i < job.length; i++) {
    const offset = <usize>i * 4;
    const target: f32 = job.targets != 0 ? f32.load(<usize>job.targets + offset) : job.target;
    const value = entropy(v128.load32_splat(<usize>job.logits + offset), f32x4.splat(target));
    sum += <f64>f32x4.extract_lane(value, 0);
  }
  f32.store(job.output, <f32>(sum / <f64>job.length));
}

/** output = (sigmoid(x) - t) * upstream / length. */
export function crossEntropyGradient(job: CrossEntropyJob, index: i32, count: i32): void {
  const share: f32 = f32.load(job.upstream) / <f32>job.length;
  const scale = f32x4.splat(share);
  const end = rangeStart(job.length, 16, index + 1, count);
  let i = rangeStart(job.length, 16, index, count);
  for (; i + 4 <= end; i += 4) {
    const offset = <usize>i * 4;
    const slope = f32x4.sub(logistic(v128.load(<usize>job.logits + offset)), targetsAt(job, offset));
    v128.store(<usize>job.output + offset, f32x4.mul(slope, scale));
  }
  for (; i < end; i++) {
    const offset = <usize>i * 4;
    const target: f32 = job.targets != 0 ? f32.load(<usize>job.targets + offset) : job.target;
    const probability = f32x4.extract_lane(logistic(v128.load32_splat(<usize>job.logits + offset)), 0);
    f32.store(<usize>job.output + offset, (probability - target) * share);
  }
}

/** Kernels that read and write each float once: activations, their gradients, and Adam. */
import {
  activate,
  activateInline,
  Activation,
  geluShare,
  hyperbolicTangent,
  LEAKY_SLOPE,
  loadLanes,
  logistic,
  multiplyAdd,
  rangeStart,
  storeLanes,
} from './vector';

@unmanaged
export class ActivationJob {
  activation: i32;
  length: i32;
  input: u32;
  output: u32;
}

@unmanaged
export class ActivationGradientJob {
  activation: i32;
  length: i32;
  /** Gradient with respect to the activation's result. */
  gradient: u32;
  /** The activation's argument, or its result; for ReLU and leaky ReLU either will do. */
  argument: u32;
  output: u32;
}

const GROUP: i32 = 16;
/** Slopes of an activation from its result instead of its argument, which spares an exponential. */
const TANH_BY_RESULT: i32 = 101;
const SIGMOID_BY_RESULT: i32 = 102;

/**
 * The activation of [i, end) in pairs of vectors, which the wide builds have joined to one; returns how far it came. To
 * be called with a constant `kind`.
 */
@inline
function activatePairs(kind: i32, input: usize, output: usize, i: i32, end: i32): i32 {
  for (; i + 8 <= end; i += 8) {
    const source = input + <usize>i * 4;
    const target = output + <usize>i * 4;
    const low = v128.load(source);
    const high = v128.load(source, 16);
    v128.store(target, activateInline(low, kind));
    v128.store(target, activateInline(high, kind), 16);
  }
  return i;
}

export function activation(job: ActivationJob, index: i32, count: i32): void {
  const kind = job.activation;
  let i = rangeStart(job.length, GROUP, index, count);
  const end = rangeStart(job.length, GROUP, index + 1, count);
  if (kind == Activation.Tanh) i = activatePairs(Activation.Tanh, job.input, job.output, i, end);
  else if (kind == Activation.Silu) i = activatePairs(Activation.Silu, job.input, job.output, i, end);
  for (; i + 4 <= end; i += 4) {
    const offset = <usize>i * 4;
    v128.store(<usize>job.output + offset, activate(v128.load(<usize>job.input + offset), kind));
  }
  for (; i < end; i++) {
    const offset = <usize>i * 4;
    const value = activate(v128.load32_splat(<usize>job.input + offset), kind);
    f32.store(<usize>job.output + offset, f32x4.extract_lane(value, 0));
  }
}

@inline
function slopeTimes(kind: i32, gradient: v128, x: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (kind == Activation.Relu) return v128.and(gradient, f32x4.gt(x, zero));
  if (kind == Activation.LeakyRelu) {
    const reduced = f32x4.mul(gradient, f32x4.splat(LEAKY_SLOPE));
    return v128.bitselect(gradient, reduced, f32x4.gt(x, zero));
  }
  if (kind == Activation.Tanh || kind == TANH_BY_RESULT) {
    const y = kind == Activation.Tanh ? hyperbolicTangent(x) : x;
    return f32x4.mul(gradient, f32x4.sub(one, f32x4.mul(y, y)));
  }
  if (kind == SIGMOID_BY_RESULT) return f32x4.mul(gradient, f32x4.mul(x, f32x4.sub(one, x)));
  if (kind == Activation.Linear) return gradient;
  if (kind == Activation.Gelu) {
    const share = geluShare(x);
    const square = f32x4.mul(f32x4.mul(x, x), f32x4.splat(0.21406445));
    const inner = f32x4.mul(x, f32x4.add(f32x4.splat(1.5957691), square));
    const bent = f32x4.mul(f32x4.mul(share, f32x4.sub(one, share)), inner);
    return f32x4.mul(gradient, f32x4.add(share, bent));
  }
  const share = logistic(x);
  if (kind == Activation.Softplus) return f32x4.mul(gradient, share);
  const rest = f32x4.sub(one, share);
  if (kind == Activation.Sigmoid) return f32x4.mul(gradient, f32x4.mul(share, rest));
  // SiLU.
  const slope = f32x4.mul(share, f32x4.add(one, f32x4.mul(x, rest)));
  return f32x4.mul(gradient, slope);
}

/** As `activatePairs` for gradients. */
@inline
function slopePairs(kind: i32, gradient: usize, argument: usize, output: usize, i: i32, end: i32): i32 {
  for (; i + 8 <= end; i += 8) {
    const offset = <usize>i * 4;
    const lowGradient = v128.load(gradient + offset);
    const highGradient = v128.load(gradient + offset, 16);
    const low = v128.load(argument + offset);
    const high = v128.load(argument + offset, 16);
    v128.store(output + offset, slopeTimes(kind, lowGradient, low));
    v128.store(output + offset, slopeTimes(kind, highGradient, high), 16);
  }
  return i;
}

export function activationGradient(job: ActivationGradientJob, index: i32, count: i32): void {
  const kind = job.activation;
  let i = rangeStart(job.length, GROUP, index, count);
  const end = rangeStart(job.length, GROUP, index + 1, count);
  const gradient = <usize>job.gradient;
  const argument = <usize>job.argument;
  const output = <usize>job.output;
  if (kind == Activation.LeakyRelu) i = slopePairs(Activation.LeakyRelu, gradient, argument, output, i, end);
  else if (kind == Activation.Relu) i = slopePairs(Activation.Relu, gradient, argument, output, i, end);
  else if (kind == TANH_BY_RESULT) i = slopePairs(TANH_BY_RESULT, gradient, argument, output, i, end);
  else if (kind == Activation.Silu) i = slopePairs(Activation.Silu, gradient, argument, output, i, end);
  for (; i + 4 <= end; i += 4) {
    const offset = <usize>i * 4;
    v128.store(output + offset, slopeTimes(kind, v128.load(gradient + offset), v128.load(argument + offset)));
  }
  for (; i < end; i++) {
    const offset = <usize>i * 4;
    const value = slopeTimes(kind, v128.load32_splat(gradient + offset), v128.load32_splat(argument + offset));
    f32.store(output + offset, f32x4.extract_lane(value, 0));
  }
}

/** One tensor of an optimiser step; `average` is 0 where no moving average is kept. */
@unmanaged
export class AdamTensor {
  variable: u32;
  gradient: u32;
  firstMoment: u32;
  secondMoment: u32;
  average: u32;
  length: i32;
}

@unmanaged
export class AdamJob {
  tensors: u32;
  tensorCount: i32;
  /** Learning rate divided by 1 - beta1^t. */
  rate: f32;
  beta1: f32;
  /** 1 - beta1, computed in double precision by the caller. */
  beta1Rest: f32;
  beta2: f32;
  beta2Rest: f32;
  epsilon: f32;
  /** 1 / sqrt(1 - beta2^t). */
  secondMomentScale: f32;
  averageDecay: f32;
  averageDecayRest: f32;
  /** What a variable keeps of itself before the step: 1 - learning rate * weight decay. */
  kept: f32;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1) for many tensors in one pass, in place:
 * m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; x -= rate m / (sqrt(v) scale + epsilon);
 * with decoupled weight decay (Loshchilov and Hutter 2019) x is multiplied by `kept` first;
 * and, where asked for, average = decay average + (1 - decay) x.
 */
export function adam(job: AdamJob, index: i32, count: i32): void {
  const beta1 = f32x4.splat(job.beta1);
  const beta1Rest = f32x4.splat(job.beta1Rest);
  const beta2 = f32x4.splat(job.beta2);
  const beta2Rest = f32x4.splat(job.beta2Rest);
  const rate = f32x4.splat(job.rate);
  const epsilon = f32x4.splat(job.epsilon);
  const scale = f32x4.splat(job.secondMomentScale);
  const kept = f32x4.splat(job.kept);
  const decay = f32x4.splat(job.averageDecay);
  const decayRest = f32x4.splat(job.averageDecayRest);
  for (let t = 0; t < job.tensorCount; t++) {
    const tensor = changetype<AdamTensor>(<usize>job.tensors + t * offsetof<AdamTensor>());
    const end = rangeStart(tensor.length, GROUP, index + 1, count);
    for (let i = rangeStart(tensor.length, GROUP, index, count); i < end; i += 4) {
      const offset = <usize>i * 4;
      const lanes = min(4, end - i);
      const gradientAt = <usize>tensor.gradient + offset;
      const firstAt = <usize>tensor.firstMoment + offset;
      const secondAt = <usize>tensor.secondMoment + offset;
      const variableAt = <usize>tensor.variable + offset;
      const averageAt = <usize>tensor.average + offset;
      const gradient = loadLanes(gradientAt, lanes);
      const first = multiplyAdd(gradient, beta1Rest, f32x4.mul(loadLanes(firstAt, lanes), beta1));
      const square = f32x4.mul(gradient, gradient);
      const second = multiplyAdd(square, beta2Rest, f32x4.mul(loadLanes(secondAt, lanes), beta2));
      const deviation = f32x4.add(f32x4.mul(f32x4.sqrt(second), scale), epsilon);
      const change = f32x4.div(f32x4.mul(rate, first), deviation);
      const variable = f32x4.sub(f32x4.mul(loadLanes(variableAt, lanes), kept), change);
      storeLanes(firstAt, first, lanes);
      storeLanes(secondAt, second, lanes);
      storeLanes(variableAt, variable, lanes);
      if (tensor.average != 0) {
        const old = f32x4.mul(loadLanes(averageAt, lanes), decay);
        storeLanes(averageAt, multiplyAdd(variable, decayRest, old), lanes);
      }
    }
  }
}

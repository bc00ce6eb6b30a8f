/** What the kernels are asked: extents, and addresses (byte offsets into their memory) of dense 32-bit floats. */

/** Extents of a forward convolution; pictures are [batch, height, width, channel]. */
export interface ConvolutionShape {
  batch: number;
  inputHeight: number;
  inputWidth: number;
  inputChannels: number;
  outputHeight: number;
  outputWidth: number;
  outputChannels: number;
  filterHeight: number;
  filterWidth: number;
  stride: number;
  paddingTop: number;
  paddingLeft: number;
}

/** Addresses of one tensor of an optimiser step; `average` is 0 where none is kept. */
export interface AdamTensorAddresses {
  variable: number;
  gradient: number;
  firstMoment: number;
  secondMoment: number;
  average: number;
  length: number;
}

/** Scalars of one Adam step, t counted from 1. */
export interface AdamScalars {
  step: number;
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  averageDecay: number;
  /** Of decoupled weight decay (AdamW); default 0. */
  weightDecay?: number;
}

/** Of a layer normalization; mean and inverse deviation are one float per row. */
export interface LayerNormalizationAddresses {
  rows: number;
  channels: number;
  input: number;
  scale: number;
  output: number;
  mean: number;
  inverseDeviation: number;
}

/** Of a group normalization over pictures; mean and inverse deviation are one float per picture and group. */
export interface GroupNormalizationAddresses {
  batch: number;
  pixels: number;
  channels: number;
  groups: number;
  input: number;
  scale: number;
  output: number;
  mean: number;
  inverseDeviation: number;
}

/** A picture [batch, height, width, channel] taken to [batch, newHeight, newWidth, channel]. */
export interface ResizingShape {
  batch: number;
  channels: number;
  height: number;
  width: number;
  newHeight: number;
  newWidth: number;
  kind: 'nearest' | 'bilinear';
  alignCorners: boolean;
  halfPixelCenters: boolean;
}

/** One axis of a block that is copied; strides in elements, that of the source may be negative or 0. */
export interface BlockAxis {
  extent: number;
  sourceStride: number;
  targetStride: number;
}

/** Where a sequence of random numbers comes from; see `engine/random.ts`. */
export interface RandomKey {
  seed: number;
  streamKey: number;
  streamCounter: number;
  step: number;
}

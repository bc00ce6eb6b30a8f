import { backend_util } from '@tensorflow/tfjs-core';
import type { ConvolutionShape } from './kernel-jobs.ts';

/** Settings of a tfjs convolution, as its kernels receive them. */
export interface ConvolutionSettings {
  strides?: unknown;
  pad?: unknown;
  dilations?: unknown;
  dataFormat?: unknown;
  dimRoundingMode?: unknown;
}

/** Those of a pooling. */
export interface PoolingSettings extends ConvolutionSettings {
  filterSize?: unknown;
}

/**
 * The extents of a convolution of a picture shape [batch, height, width, channel] with a filter shape
 * [height, width, input channel, output channel]. Null where the kernels do not cover it: dilation,
 * unequal or large strides, channels first, an empty result.
 */
export function convolutionShapeOf(
  input: number[],
  filter: number[],
  settings: ConvolutionSettings,
): ConvolutionShape | null {
  if (settings.dataFormat !== undefined && settings.dataFormat !== 'NHWC') return null;
  const info = backend_util.computeConv2DInfo(
    input as [number, number, number, number],
    filter as [number, number, number, number],
    settings.strides as number | [number, number],
    (settings.dilations ?? 1) as number | [number, number],
    settings.pad as 'same' | 'valid' | number,
    settings.dimRoundingMode as 'floor' | 'round' | 'ceil' | undefined,
    false,
  );
  const dilated = info.dilationHeight !== 1 || info.dilationWidth !== 1;
  if (dilated || info.strideHeight !== info.strideWidth) return null;
  if (info.outHeight * info.outWidth * info.batchSize <= 0) return null;
  return {
    batch: info.batchSize,
    inputHeight: info.inHeight,
    inputWidth: info.inWidth,
    inputChannels: info.inChannels,
    outputHeight: info.outHeight,
    outputWidth: info.outWidth,
    outputChannels: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    stride: info.strideHeight,
    paddingTop: info.padInfo.top,
    paddingLeft: info.padInfo.left,
  };
}

/** The shape of a pooling of pictures [batch, height, width, channel]; null where the kernels do not cover it. */
export function poolingShapeOf(input: number[], attrs: PoolingSettings): ConvolutionShape | null {
  const window = attrs.filterSize as number | [number, number];
  const [height, width] = typeof window === 'number' ? [window, window] : window;
  const channels = input[3]!;
  return convolutionShapeOf(input, [height, width, channels, channels], attrs);
}

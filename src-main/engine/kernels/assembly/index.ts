/** Entry of the kernel module: one function that runs any kernel, one that says how much scratch it needs. */
import {
  batchNormalization,
  BatchNormalizationGradientJob,
  batchNormalizationGradient,
  BatchNormalizationJob,
  batchNormalizationScratch,
} from './batch-normalization';
import { convolution, convolutionScratch } from './convolution';
import { filterGradient, filterGradientScratch } from './filter-gradient';
import { inputGradient, inputGradientScratch } from './input-gradient';
import { ConvolutionJob } from './picture';
import {
  groupNormalization,
  groupNormalizationGradient,
  GroupNormalizationJob,
  groupNormalizationScratch,
} from './group-normalization';
import { blockCopy, BlockCopyJob, fill, FillJob } from './movement';
import {
  averageGradient,
  averagePooling,
  largestChoice,
  largestGradient,
  largestPooling,
} from './pooling';
import { useNumbers } from './numbers';
export { bytesWithNumbers, writeNumbers } from './numbers';
import { random, RandomJob } from './random';
import { resize, resizeGradient, ResizingJob } from './resizing';
import { softmax, softmaxGradient, SoftmaxGradientJob, SoftmaxJob } from './softmax';
import { axisReduction, AxisReductionJob } from './axis-reduction';
import { crossEntropy, crossEntropyGradient, CrossEntropyJob } from './cross-entropy';
import {
  activation,
  activationGradient,
  ActivationGradientJob,
  ActivationJob,
  adam,
  AdamJob,
} from './element-wise';
import {
  layerNormalization,
  layerNormalizationGradient,
  LayerNormalizationJob,
  layerNormalizationParameters,
} from './layer-normalization';
import { matrixProduct, MatrixProductJob, matrixProductScratch } from './matrix-product';
import {
  columnSum,
  ColumnSumJob,
  columnSumScratch,
  rowScatter,
  RowScatterJob,
  squareSum,
  SquareSumJob,
} from './reduction';

import {
  winogradFilter,
  winogradFilterBack,
  winogradInput,
  winogradInputBack,
  WinogradJob,
  winogradOutput,
  winogradOutputBack,
  winogradScratch,
} from './winograd';

/** The numbers that `kernel-runner.ts` uses on the other side. */
const enum Kernel {
  MatrixProduct = 1,
  Convolution = 2,
  InputGradient = 3,
  FilterGradient = 4,
  Activation = 5,
  ActivationGradient = 6,
  ColumnSum = 7,
  SquareSum = 8,
  BatchNormalization = 9,
  BatchNormalizationGradient = 10,
  Adam = 11,
  WinogradInput = 12,
  WinogradInputBack = 13,
  WinogradOutput = 14,
  WinogradOutputBack = 15,
  WinogradFilter = 16,
  WinogradFilterBack = 17,
  CrossEntropy = 18,
  CrossEntropyGradient = 19,
  LayerNormalization = 20,
  LayerNormalizationGradient = 21,
  LayerNormalizationParameters = 22,
  RowScatter = 23,
  LargestGradient = 24,
  BlockCopy = 25,
  Fill = 26,
  Softmax = 27,
  SoftmaxGradient = 28,
  AxisReduction = 29,
  LargestPooling = 30,
  AveragePooling = 31,
  AverageGradient = 32,
  LargestChoice = 33,
  Resize = 34,
  ResizeGradient = 35,
  Random = 36,
  GroupNormalization = 37,
  GroupNormalizationGradient = 38,
}

/** Bytes of scratch that each thread needs for the job at address `job`. */
export function scratchBytes(kernel: i32, job: usize): usize {
  switch (kernel) {
    case Kernel.MatrixProduct:
      return matrixProductScratch(changetype<MatrixProductJob>(job));
    case Kernel.Convolution:
      return convolutionScratch(changetype<ConvolutionJob>(job));
    case Kernel.InputGradient:
      return inputGradientScratch(changetype<ConvolutionJob>(job));
    case Kernel.FilterGradient:
      return filterGradientScratch(changetype<ConvolutionJob>(job));
    case Kernel.ColumnSum:
      return columnSumScratch(changetype<ColumnSumJob>(job));
    case Kernel.BatchNormalization:
      return batchNormalizationScratch(changetype<BatchNormalizationJob>(job).channels);
    case Kernel.BatchNormalizationGradient:
      return batchNormalizationScratch(changetype<BatchNormalizationGradientJob>(job).channels);
    case Kernel.WinogradInput:
    case Kernel.WinogradInputBack:
    case Kernel.WinogradOutput:
    case Kernel.WinogradOutputBack:
    case Kernel.WinogradFilter:
    case Kernel.WinogradFilterBack:
      return winogradScratch(changetype<WinogradJob>(job));
    case Kernel.GroupNormalization:
    case Kernel.GroupNormalizationGradient:
      return groupNormalizationScratch(changetype<GroupNormalizationJob>(job).channels);
    default:
      return 0;
  }
}

/** Does the share of thread `index` of `count` in the job at address `job`. */
export function run(kernel: i32, job: usize, index: i32, count: i32, scratch: usize): void {
  useNumbers(job);
  switch (kernel) {
    case Kernel.MatrixProduct:
      matrixProduct(changetype<MatrixProductJob>(job), index, count, scratch);
      break;
    case Kernel.Convolution:
      convolution(changetype<ConvolutionJob>(job), index, count, scratch);
      break;
    case Kernel.InputGradient:
      inputGradient(changetype<ConvolutionJob>(job), index, count, scratch);
      break;
    case Kernel.FilterGradient:
      filterGradient(changetype<ConvolutionJob>(job), index, count, scratch);
      break;
    case Kernel.Activation:
      activation(changetype<ActivationJob>(job), index, count);
      break;
    case Kernel.ActivationGradient:
      activationGradient(changetype<ActivationGradientJob>(job), index, count);
      break;
    case Kernel.ColumnSum:
      columnSum(changetype<ColumnSumJob>(job), index, count, scratch);
      break;
    case Kernel.SquareSum:
      squareSum(changetype<SquareSumJob>(job), index);
      break;
    case Kernel.BatchNormalization:
      batchNormalization(changetype<BatchNormalizationJob>(job), index, count, scratch);
      break;
    case Kernel.BatchNormalizationGradient:
      batchNormalizationGradient(changetype<BatchNormalizationGradientJob>(job), index, count, scratch);
      break;
    case Kernel.Adam:
      adam(changetype<AdamJob>(job), index, count);
      break;
    case Kernel.WinogradInput:
      winogradInput(changetype<WinogradJob>(job), index, count, scratch);
      break;
    case Kernel.WinogradInputBack:
      winogradInputBack(changetype<WinogradJob>(job), index, count, scratch);
      break;
    case Kernel.WinogradOutput:
      winogradOutput(changetype<WinogradJob>(job), index, count, scratch);
      break;
    case Kernel.WinogradOutputBack:
      winogradOutputBack(changetype<WinogradJob>(job), index, count, scratch);
      break;
    case Kernel.WinogradFilter:
      winogradFilter(changetype<WinogradJob>(job), index, count, scratch);
      break;
    case Kernel.WinogradFilterBack:
      winogradFilterBack(changetype<WinogradJob>(job), index, count, scratch);
      break;
    case Kernel.CrossEntropy:
      crossEntropy(changetype<CrossEntropyJob>(job), index);
      break;
    case Kernel.CrossEntropyGradient:
      crossEntropyGradient(changetype<CrossEntropyJob>(job), index, count);
      break;
    case Kernel.LayerNormalization:
      layerNormalization(changetype<LayerNormalizationJob>(job), index, count);
      break;
    case Kernel.LayerNormalizationGradient:
      layerNormalizationGradient(changetype<LayerNormalizationJob>(job), index, count);
      break;
    case Kernel.LayerNormalizationParameters:
      layerNormalizationParameters(changetype<LayerNormalizationJob>(job), index, count);
      break;
    case Kernel.RowScatter:
      rowScatter(changetype<RowScatterJob>(job), index, count);
      break;
    case Kernel.LargestGradient:
      largestGradient(changetype<ConvolutionJob>(job), index, count);
      break;
    case Kernel.BlockCopy:
      blockCopy(changetype<BlockCopyJob>(job), index, count);
      break;
    case Kernel.Fill:
      fill(changetype<FillJob>(job), index, count);
      break;
    case Kernel.Softmax:
      softmax(changetype<SoftmaxJob>(job), index, count);
      break;
    case Kernel.SoftmaxGradient:
      softmaxGradient(changetype<SoftmaxGradientJob>(job), index, count);
      break;
    case Kernel.AxisReduction:
      axisReduction(changetype<AxisReductionJob>(job), index, count);
      break;
    case Kernel.LargestPooling:
      largestPooling(changetype<ConvolutionJob>(job), index, count);
      break;
    case Kernel.AveragePooling:
      averagePooling(changetype<ConvolutionJob>(job), index, count);
      break;
    case Kernel.AverageGradient:
      averageGradient(changetype<ConvolutionJob>(job), index, count);
      break;
    case Kernel.LargestChoice:
      largestChoice(changetype<ConvolutionJob>(job), index, count);
      break;
    case Kernel.Resize:
      resize(changetype<ResizingJob>(job), index, count);
      break;
    case Kernel.ResizeGradient:
      resizeGradient(changetype<ResizingJob>(job), index, count);
      break;
    case Kernel.Random:
      random(changetype<RandomJob>(job), index, count);
      break;
    case Kernel.GroupNormalization:
      groupNormalization(changetype<GroupNormalizationJob>(job), index, count, scratch);
      break;
    case Kernel.GroupNormalizationGradient:
      groupNormalizationGradient(changetype<GroupNormalizationJob>(job), index, count, scratch);
      break;
    default:
      unreachable();
  }
}

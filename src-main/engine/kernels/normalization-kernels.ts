/** Batch, instance, layer and group normalization, forward and backward. */
import type { GroupNormalizationAddresses, LayerNormalizationAddresses } from './kernel-jobs.ts';
import type { KernelRunner } from './kernel-runner.ts';

interface ParameterGradients {
  gradient: number;
  scaleGradient: number;
  shiftGradient: number;
}

export interface NormalizationKernels {
  /**
   * Training-mode batch normalization over rows, with its mean and biased variance. With `groups` of rows
   * that follow one another (default 1), each group by itself and with statistics of its own.
   */
  batchNormalization(job: {
    rows: number;
    channels: number;
    input: number;
    scale: number;
    shift: number;
    output: number;
    mean: number;
    variance: number;
    epsilon: number;
    groups?: number;
  }): void;
  /** The gradients of scale and shift are one row for each group. */
  batchNormalizationGradient(job: {
    rows: number;
    channels: number;
    input: number;
    scale: number;
    mean: number;
    variance: number;
    gradient: number;
    inputGradient: number;
    scaleGradient: number;
    shiftGradient: number;
    epsilon: number;
    groups?: number;
  }): void;
  /** Normalizes each of the rows by itself. */
  layerNormalization(job: LayerNormalizationAddresses & { shift: number; epsilon: number }): void;
  /** Input gradient into `output`, and the gradients of scale and shift. */
  layerNormalizationGradient(job: LayerNormalizationAddresses & ParameterGradients): void;
  /** Normalizes each group of channels of each picture by itself; `groups` divides `channels`. */
  groupNormalization(job: GroupNormalizationAddresses & { shift: number; epsilon: number }): void;
  /** Input gradient into `output`; the gradients of scale and shift are one row for each picture. */
  groupNormalizationGradient(job: GroupNormalizationAddresses & ParameterGradients): void;
}

type Rest = Partial<ParameterGradients & { shift: number }>;

const layerFields = (job: LayerNormalizationAddresses, rest: Rest): number[] => [
  job.rows,
  job.channels,
  job.input,
  job.scale,
  rest.shift ?? 0,
  job.output,
  job.mean,
  job.inverseDeviation,
  rest.gradient ?? 0,
  rest.scaleGradient ?? 0,
  rest.shiftGradient ?? 0,
];

const groupFields = (job: GroupNormalizationAddresses, rest: Rest): number[] => [
  job.batch,
  job.pixels,
  job.channels,
  job.groups,
  job.input,
  job.scale,
  rest.shift ?? 0,
  job.output,
  job.mean,
  job.inverseDeviation,
  rest.gradient ?? 0,
  rest.scaleGradient ?? 0,
  rest.shiftGradient ?? 0,
];

export function createNormalizationKernels({ execute }: KernelRunner): NormalizationKernels {
  const sizeOf = (job: GroupNormalizationAddresses) => job.batch * job.pixels * job.channels;
  return {
    batchNormalization: ({ groups = 1, ...job }) =>
      execute(
        'batchNormalization',
        groups * job.rows * job.channels * 4,
        [job.rows, job.channels, job.input, job.scale, job.shift, job.output, job.mean, job.variance, groups],
        [job.epsilon],
      ),
    batchNormalizationGradient: ({ groups = 1, ...job }) =>
      execute(
        'batchNormalizationGradient',
        groups * job.rows * job.channels * 6,
        [
          job.rows,
          job.channels,
          job.input,
          job.scale,
          job.mean,
          job.variance,
          job.gradient,
          job.inputGradient,
          job.scaleGradient,
          job.shiftGradient,
          groups,
        ],
        [job.epsilon],
      ),
    layerNormalization: (job) =>
      execute('layerNormalization', job.rows * job.channels * 6, layerFields(job, job), [job.epsilon]),
    layerNormalizationGradient: (job) => {
      const fields = layerFields(job, job);
      execute('layerNormalizationGradient', job.rows * job.channels * 8, fields);
      execute('layerNormalizationParameters', job.rows * job.channels * 4, fields);
    },
    groupNormalization: (job) =>
      execute('groupNormalization', sizeOf(job) * 4, groupFields(job, job), [job.epsilon]),
    groupNormalizationGradient: (job) =>
      execute('groupNormalizationGradient', sizeOf(job) * 6, groupFields(job, job)),
  };
}

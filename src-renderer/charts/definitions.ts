import type { Settings } from '../../src-main/contract/hyper-parameters.ts';
import type { FamilyId } from '../../src-main/contract/presets.ts';

/** How a chart's values are written. */
export type ValueForm = 'share' | 'decimal' | 'rate' | 'megabytes' | 'count' | 'small';

export interface Series {
  /** Name of the scalar in a metric point. */
  readonly metric: string;
  /** Which of the two chart colours. */
  readonly colour: 1 | 2;
}

/** One chart: its texts are `charts.<id>.title`, `.help`, `.empty`, a series' name `charts.series.<metric>`. */
export interface ChartDefinition {
  readonly id:
    | 'winning'
    | 'distance'
    | 'slope'
    | 'reconstruction'
    | 'divergence'
    | 'denoising'
    | 'pairs'
    | 'repair'
    | 'classes'
    | 'grammar'
    | 'vocabulary'
    | 'losses'
    | 'gradients'
    | 'learningRate'
    | 'dose'
    | 'sureness'
    | 'lossScale'
    | 'leftOut'
    | 'speed'
    | 'memory'
    | 'tensors';
  readonly series: readonly Series[];
  /** A fixed upper end of the y axis; without it the data decide. The lower end is always 0 or below. */
  readonly maximum?: number;
  readonly form: ValueForm;
}

const winningChart: ChartDefinition = {
  id: 'winning',
  series: [
    { metric: 'realScore', colour: 1 },
    { metric: 'generatedScore', colour: 2 },
  ],
  maximum: 1,
  form: 'share',
};

const distanceChart: ChartDefinition = {
  id: 'distance',
  series: [{ metric: 'wassersteinDistance', colour: 1 }],
  form: 'decimal',
};

const slopeChart: ChartDefinition = {
  id: 'slope',
  series: [{ metric: 'discriminatorSlope', colour: 1 }],
  form: 'decimal',
};

const reconstructionChart: ChartDefinition = {
  id: 'reconstruction',
  series: [{ metric: 'reconstructionLoss', colour: 1 }],
  form: 'decimal',
};

const divergenceChart: ChartDefinition = {
  id: 'divergence',
  series: [{ metric: 'klDivergence', colour: 1 }],
  form: 'decimal',
};

const lossesChart: ChartDefinition = {
  id: 'losses',
  series: [
    { metric: 'discriminatorLoss', colour: 1 },
    { metric: 'generatorLoss', colour: 2 },
  ],
  form: 'decimal',
};

const gradientsChart: ChartDefinition = {
  id: 'gradients',
  series: [
    { metric: 'discriminatorGradientNorm', colour: 1 },
    { metric: 'generatorGradientNorm', colour: 2 },
  ],
  form: 'decimal',
};

const denoisingChart: ChartDefinition = {
  id: 'denoising',
  series: [{ metric: 'denoisingLoss', colour: 1 }],
  form: 'decimal',
};

const pairsChart: ChartDefinition = {
  id: 'pairs',
  series: [{ metric: 'pairDistance', colour: 1 }],
  form: 'decimal',
};

const repairChart: ChartDefinition = {
  id: 'repair',
  series: [
    { metric: 'repairDistance', colour: 1 },
    { metric: 'holeDistance', colour: 2 },
  ],
  form: 'decimal',
};

const denoiserGradientsChart: ChartDefinition = {
  id: 'gradients',
  series: [{ metric: 'denoiserGradientNorm', colour: 1 }],
  form: 'decimal',
};

const classesChart: ChartDefinition = {
  id: 'classes',
  series: [{ metric: 'classLoss', colour: 1 }],
  form: 'decimal',
};

const grammarChart: ChartDefinition = {
  id: 'grammar',
  series: [{ metric: 'tokenLoss', colour: 1 }],
  form: 'decimal',
};

const vocabularyChart: ChartDefinition = {
  id: 'vocabulary',
  series: [{ metric: 'codesInUse', colour: 1 }],
  maximum: 1,
  form: 'share',
};

const transformerGradientsChart: ChartDefinition = {
  id: 'gradients',
  series: [
    { metric: 'autoencoderGradientNorm', colour: 1 },
    { metric: 'transformerGradientNorm', colour: 2 },
  ],
  form: 'decimal',
};

const autoencoderGradientsChart: ChartDefinition = {
  id: 'gradients',
  series: [
    { metric: 'encoderGradientNorm', colour: 1 },
    { metric: 'decoderGradientNorm', colour: 2 },
  ],
  form: 'decimal',
};

const learningRateChart: ChartDefinition = {
  id: 'learningRate',
  series: [
    { metric: 'learningRate', colour: 1 },
    { metric: 'discriminatorLearningRate', colour: 2 },
  ],
  form: 'small',
};

/** How the adaptive augmentation doses itself. */
const doseCharts: readonly ChartDefinition[] = [
  {
    id: 'dose',
    series: [{ metric: 'augmentationProbability', colour: 1 }],
    maximum: 1,
    form: 'share',
  },
  {
    id: 'sureness',
    series: [
      { metric: 'realSign', colour: 1 },
      { metric: 'realSignTarget', colour: 2 },
    ],
    maximum: 1,
    form: 'share',
  },
];

/** How mixed precision keeps gradients within 16 bits. */
const precisionCharts: readonly ChartDefinition[] = [
  { id: 'lossScale', series: [{ metric: 'lossScale', colour: 1 }], form: 'count' },
  { id: 'leftOut', series: [{ metric: 'updatesLeftOut', colour: 1 }], form: 'decimal' },
];

const machineCharts: readonly ChartDefinition[] = [
  { id: 'speed', series: [{ metric: 'stepsPerSecond', colour: 1 }], form: 'rate' },
  { id: 'memory', series: [{ metric: 'memoryMb', colour: 1 }], form: 'megabytes' },
  { id: 'tensors', series: [{ metric: 'tensors', colour: 1 }], form: 'count' },
];

/** The charts of a family's numbers: the two that say most, and the others, each in the order of reading. */
const learningCharts: Readonly<
  Record<FamilyId, { foremost: readonly ChartDefinition[]; others: readonly ChartDefinition[] }>
> = {
  'mlp-gan': { foremost: [winningChart, lossesChart], others: [gradientsChart] },
  dcgan: { foremost: [winningChart, lossesChart], others: [classesChart, gradientsChart] },
  cgan: { foremost: [winningChart, lossesChart], others: [gradientsChart] },
  'wgan-gp': { foremost: [distanceChart, slopeChart], others: [lossesChart, gradientsChart] },
  'resnet-gan': { foremost: [winningChart, lossesChart], others: [gradientsChart] },
  pix2pix: { foremost: [pairsChart, winningChart], others: [lossesChart, gradientsChart] },
  denoiser: { foremost: [repairChart, denoiserGradientsChart], others: [] },
  ddpm: { foremost: [denoisingChart, denoiserGradientsChart], others: [] },
  'vqvae-transformer': {
    foremost: [grammarChart, reconstructionChart],
    others: [vocabularyChart, transformerGradientsChart],
  },
  vae: { foremost: [reconstructionChart, divergenceChart], others: [autoencoderGradientsChart] },
};

/** The two charts that tell at a glance how a run of this family goes. */
export function foremostCharts(family: FamilyId): readonly ChartDefinition[] {
  return learningCharts[family].foremost;
}

/** Every chart of a run of this family with these settings, in the order in which they are read. */
export function chartsOf(family: FamilyId, settings: Readonly<Settings> = {}): readonly ChartDefinition[] {
  const { foremost, others } = learningCharts[family];
  const dosed = settings.discriminatorAugmentation === 'adaptive' ? doseCharts : [];
  const scaled = settings.precision === 'mixed' ? precisionCharts : [];
  return [...foremost, ...dosed, ...others, learningRateChart, ...scaled, ...machineCharts];
}

import type { NetworkId } from '../domain/runs.ts';
import type { HyperParameter, ParameterText } from '../hyper-parameters.ts';

/** The setting that says how many layers of a network stay as they are. */
export const frozenKey = (network: NetworkId): string =>
  `frozen${network[0]!.toUpperCase()}${network.slice(1)}Layers`;

const texts: Readonly<Record<NetworkId, { readonly en: ParameterText; readonly zh: ParameterText }>> = {
  generator: {
    en: {
      title: 'Frozen layers of the generator',
      help: 'So many layers, counted from the latents, stay as they are. For fine-tuning from another run: freeze what draws shapes already, or nothing.',
    },
    zh: {
      title: '生成器冻结层数',
      help: '从潜在向量一端数起，冻结这么多层。用于在已训练的基础上微调：已会的保持不动，或取 0 全部训练。',
    },
  },
  discriminator: {
    en: {
      title: 'Frozen layers of the discriminator',
      help: 'So many layers, counted from the picture, stay as they are (FreezeD, Mo et al. 2020). About half of them keep a fine-tuning on few pictures from going astray.',
    },
    zh: {
      title: '判别器冻结层数',
      help: '从图片一端数起，冻结这么多层（FreezeD，Mo 等 2020）。图片少时微调，冻结约一半可防走偏。',
    },
  },
  encoder: {
    en: {
      title: 'Frozen layers of the encoder',
      help: 'So many layers, counted from the picture, stay as they are. For fine-tuning: what sees edges and strokes need not be learned again.',
    },
    zh: {
      title: '编码器冻结层数',
      help: '从图片一端数起，冻结这么多层。用于微调：识别边缘与笔画的层不必重学。',
    },
  },
  decoder: {
    en: {
      title: 'Frozen layers of the decoder',
      help: 'So many layers, counted from the latents, stay as they are. For fine-tuning from another run.',
    },
    zh: { title: '解码器冻结层数', help: '从潜在向量一端数起，冻结这么多层。用于在另一次训练的基础上微调。' },
  },
  denoiser: {
    en: {
      title: 'Frozen layers of the denoiser',
      help: 'So many layers, in the order of the layer table, stay as they are. For fine-tuning from another run: the way down sees what the pictures have in common.',
    },
    zh: {
      title: '去噪网络冻结层数',
      help: '按层表顺序，冻结最前的这么多层。用于微调：下行各层看的是图片的共性。',
    },
  },
  transformer: {
    en: {
      title: 'Frozen layers of the Transformer',
      help: 'So many layers, in the order of the layer table, stay as they are. For fine-tuning from another run.',
    },
    zh: {
      title: 'Transformer 冻结层数',
      help: '按层表顺序，冻结最前的这么多层。用于在另一次训练的基础上微调。',
    },
  },
};

/**
 * Layers that stay as they are, network by network; 0 trains all. They may be thawed, or frozen, while a run trains.
 * Only layers with weights count.
 */
export const frozenParameters = (...networks: readonly NetworkId[]): readonly HyperParameter[] =>
  networks.map((network) => ({
    key: frozenKey(network),
    group: 'optimisation',
    live: 'learning',
    type: 'integer',
    default: 0,
    min: 0,
    max: 200,
    unit: 'layers',
    advanced: true,
    text: texts[network],
  }));

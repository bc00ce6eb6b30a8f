/** Batch, instance, layer and group normalization as fused kernels with two derivatives. */
import {
  add,
  mean as meanOf,
  mul,
  registerGradient,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  zerosLike,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';
import { fusedKernelNames, registerFused, runFused, sizeOf } from './run-fused.ts';

/** `batch` over everything but the channel, `instance` over one picture, `layer` over the last axis. */
export type NormalizationKind = 'batch' | 'instance' | 'layer';

/** `group` over one group of neighbouring channels of one picture. */
type FusedKind = NormalizationKind | 'group';

/** The axes that share statistics, and those that share scale and shift, of a tensor of that rank. */
export function axesOf(
  kind: NormalizationKind,
  rank: number,
): { statistics: number[]; parameters: number[] } {
  const parameters = Array.from({ length: rank - 1 }, (_, axis) => axis);
  switch (kind) {
    case 'batch':
      return { statistics: parameters, parameters };
    case 'instance':
      return { statistics: parameters.slice(1), parameters };
    case 'layer':
      return { statistics: [rank - 1], parameters };
  }
}

/** Registers the kernels and their gradients; called once, when the kernels are attached. */
export function registerNormalizationKernels(attachment: KernelAttachment): void {
  const { kernels, address, output } = attachment;

  for (const kind of ['batch', 'instance'] as const) {
    const extents = (shape: number[]) => {
      const channels = shape[shape.length - 1];
      const groups = kind === 'instance' ? shape[0] : 1;
      const statistics = kind === 'instance' ? [groups, channels] : [channels];
      return { channels, groups, statistics };
    };

    registerFused(`${kind}Normalization`, ({ x, gamma, beta }, { epsilon }) => {
      const { channels, groups, statistics } = extents(x.shape);
      const y = output(x.shape);
      const mean = output(statistics);
      const variance = output(statistics);
      kernels.batchNormalization({
        rows: sizeOf(x) / channels / groups,
        channels,
        groups,
        input: address(x),
        scale: address(gamma),
        shift: address(beta),
        output: address(y),
        mean: address(mean),
        variance: address(variance),
        epsilon: epsilon as number,
      });
      return [y, mean, variance];
    });

    registerFused(`${kind}NormalizationGradient`, ({ dy, x, gamma, mean, variance }, { epsilon }) => {
      const { channels, groups, statistics } = extents(x.shape);
      const dx = output(x.shape);
      const dGamma = output(statistics);
      const dBeta = output(statistics);
      kernels.batchNormalizationGradient({
        rows: sizeOf(x) / channels / groups,
        channels,
        groups,
        input: address(x),
        scale: address(gamma),
        mean: address(mean),
        variance: address(variance),
        gradient: address(dy),
        inputGradient: address(dx),
        scaleGradient: address(dGamma),
        shiftGradient: address(dBeta),
        epsilon: epsilon as number,
      });
      return [dx, dGamma, dBeta];
    });
  }

  registerFused('layerNormalization', ({ x, gamma, beta }, { epsilon }) => {
    const channels = x.shape[x.shape.length - 1];
    const rows = sizeOf(x) / channels;
    const y = output(x.shape);
    const mean = output([rows]);
    const inverseDeviation = output([rows]);
    kernels.layerNormalization({
      rows,
      channels,
      input: address(x),
      scale: address(gamma),
      shift: address(beta),
      output: address(y),
      mean: address(mean),
      inverseDeviation: address(inverseDeviation),
      epsilon: epsilon as number,
    });
    return [y, mean, inverseDeviation];
  });

  registerFused('layerNormalizationGradient', ({ dy, x, gamma, mean, variance }) => {
    const channels = x.shape[x.shape.length - 1];
    const dx = output(x.shape);
    const dGamma = output([channels]);
    const dBeta = output([channels]);
    kernels.layerNormalizationGradient({
      rows: sizeOf(x) / channels,
      channels,
      input: address(x),
      scale: address(gamma),
      output: address(dx),
      mean: address(mean),
      inverseDeviation: address(variance),
      gradient: address(dy),
      scaleGradient: address(dGamma),
      shiftGradient: address(dBeta),
    });
    return [dx, dGamma, dBeta];
  });

  const groupExtents = (x: TensorInfo, groups: number) => {
    const channels = x.shape[x.shape.length - 1];
    return { batch: x.shape[0], pixels: sizeOf(x) / channels / x.shape[0], channels, groups };
  };

  registerFused('groupNormalization', ({ x, gamma, beta }, { epsilon, groups }) => {
    const extents = groupExtents(x, groups as number);
    const y = output(x.shape);
    const mean = output([extents.batch, extents.groups]);
    const inverseDeviation = output([extents.batch, extents.groups]);
    kernels.groupNormalization({
      ...extents,
      input: address(x),
      scale: address(gamma),
      shift: address(beta),
      output: address(y),
      mean: address(mean),
      inverseDeviation: address(inverseDeviation),
      epsilon: epsilon as number,
    });
    return [y, mean, inverseDeviation];
  });

  registerFused('groupNormalizationGradient', ({ dy, x, gamma, mean, variance }, { groups }) => {
    const extents = groupExtents(x, groups as number);
    const dx = output(x.shape);
    const dGamma = output([extents.batch, extents.channels]);
    const dBeta = output([extents.batch, extents.channels]);
    kernels.groupNormalizationGradient({
      ...extents,
      input: address(x),
      scale: address(gamma),
      output: address(dx),
      mean: address(mean),
      inverseDeviation: address(variance),
      gradient: address(dy),
      scaleGradient: address(dGamma),
      shiftGradient: address(dBeta),
    });
    return [dx, dGamma, dBeta];
  });

  for (const kind of ['batch', 'instance', 'layer', 'group'] as const) registerGradients(kind);
}

function registerGradients(kind: FusedKind): void {
  registerGradient({
    kernelName: fusedKernelNames[`${kind}Normalization`],
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true, true],
    gradFunc: (dys, [x, gamma, mean, variance], { epsilon, groups }) => {
      const inputs = { dy: (dys as Tensor[])[0], x, gamma, mean, variance };
      const parts = runFused<Tensor[]>(`${kind}NormalizationGradient`, inputs, { epsilon, groups });
      const byPicture = kind === 'instance' || kind === 'group';
      const total = (part: Tensor) => (byPicture ? sum(part, 0) : part);
      return { x: () => parts[0], gamma: () => total(parts[1]), beta: () => total(parts[2]) };
    },
  });

  registerGradient({
    kernelName: fusedKernelNames[`${kind}NormalizationGradient`],
    inputsToSave: ['dy', 'x', 'gamma', 'mean', 'variance'],
    gradFunc: (upstream, [dy, x, gamma, mean, variance], { epsilon, groups }) => {
      const node = { upstream: upstream as Tensor[], dy, x, gamma };
      const [ofDy, ofX, ofGamma] =
        kind === 'group'
          ? secondDerivativeOfGroups(node, Number(groups), Number(epsilon))
          : secondDerivative(node, axesByKind(kind, x), Number(epsilon));
      return {
        dy: () => ofDy,
        x: () => ofX,
        gamma: () => ofGamma,
        // The statistics are functions of x, which the gradient of x includes.
        mean: () => zerosLike(mean),
        variance: () => zerosLike(variance),
      };
    },
  });
}

interface GradientNode {
  upstream: Tensor[];
  dy: Tensor;
  x: Tensor;
  gamma: Tensor;
}

interface SecondAxes {
  statistics: number[];
  parameters: number[];
  /** Gives what comes as one row of parameters, or one for each picture, a shape that broadcasts to x. */
  spread: (z: Tensor) => Tensor;
}

function axesByKind(kind: NormalizationKind, x: Tensor): SecondAxes {
  const axes = axesOf(kind, x.rank);
  const byPicture = [x.shape[0], ...axes.statistics.map(() => 1), x.shape[x.rank - 1]];
  return { ...axes, spread: (z) => (kind === 'instance' ? reshape(z, byPicture) : z) };
}

/** As {@link secondDerivative}, on pictures seen as [batch, pixel, group, member]. */
function secondDerivativeOfGroups(node: GradientNode, groups: number, epsilon: number): Tensor[] {
  const { upstream, dy, x, gamma } = node;
  const [batch, channels] = [x.shape[0], x.shape[x.rank - 1]];
  const members = channels / groups;
  const seen = (z: Tensor): Tensor => reshape(z, [batch, -1, groups, members]);
  const [ofDy, ofX, ofGamma] = secondDerivative(
    {
      upstream: [seen(upstream[0]), upstream[1], upstream[2]],
      dy: seen(dy),
      x: seen(x),
      gamma: reshape(gamma, [groups, members]),
    },
    { statistics: [1, 3], parameters: [0, 1], spread: (z) => reshape(z, [batch, 1, groups, members]) },
    epsilon,
  );
  return [reshape(ofDy, x.shape), reshape(ofX, x.shape), reshape(ofGamma, gamma.shape)];
}

/**
 * The gradients of dy, x and gamma, given those of what the gradient kernel returns: u of dx, v of dGamma and
 * w of dBeta. Made of ops that have gradients themselves.
 *
 * With n the normalized x, i the inverse deviation, M the mean over the statistics' axes, g = dy gamma and
 * the self-adjoint L(z) = i (z - M(z) - n M(z n)), which is also how n changes with x:
 * dx = L(g), dGamma = sum of dy n, dBeta = sum of dy, and so
 * dy' = gamma L(u) + n v + w, gamma' = sum of dy L(u),
 * x' = L(dy v) - i (M(g n) L(u) + M(u n) L(g)) - i^2 n (M(u g) - M(u) M(g) - M(u n) M(g n)).
 */
function secondDerivative(
  { upstream, dy, x, gamma }: GradientNode,
  { statistics, parameters, spread }: SecondAxes,
  epsilon: number,
): Tensor[] {
  const average = (z: Tensor): Tensor => meanOf(z, statistics, true);
  const [u, v, w] = [upstream[0], spread(upstream[1]), spread(upstream[2])];
  const centred = sub(x, average(x));
  const inverse = rsqrt(add(average(square(centred)), epsilon));
  const normal = mul(centred, inverse);
  const scaled = mul(dy, gamma);
  const ofNormal = (z: Tensor): Tensor => average(mul(z, normal));
  const project = (z: Tensor): Tensor => mul(inverse, sub(sub(z, average(z)), mul(normal, ofNormal(z))));
  const projected = project(u);
  const ofDy = add(add(mul(gamma, projected), mul(normal, v)), w);
  const both = mul(ofNormal(u), ofNormal(scaled));
  const covariance = sub(sub(average(mul(u, scaled)), mul(average(u), average(scaled))), both);
  const turning = add(mul(ofNormal(scaled), projected), mul(ofNormal(u), project(scaled)));
  const shrinking = mul(mul(square(inverse), normal), covariance);
  const ofX = sub(sub(project(mul(dy, v)), mul(inverse, turning)), shrinking);
  return [ofDy, ofX, sum(mul(dy, projected), parameters)];
}

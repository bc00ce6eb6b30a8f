/** Kernels that move, fill and draw elements. */
import type { BlockAxis, RandomKey } from './kernel-jobs.ts';
import type { KernelRunner } from './kernel-runner.ts';

export interface MovementKernels {
  /**
   * Copies a block of elements of four bytes from one pattern of addresses to another, the axes outermost first;
   * the two must not overlap. Only for what {@link isBlock} says yes to.
   */
  blockCopy(axes: readonly BlockAxis[], source: number, target: number): void;
  /** Gives `length` elements of four bytes the same bits. */
  fill(length: number, output: number, bits: number): void;
  /** Random floats, standard normal or uniform in [0, 1), the same as `engine/random.ts` gives. */
  random(kind: 'normal' | 'uniform', key: RandomKey, length: number, output: number): void;
}

const mostAxes = 6;

/** The same block with as few axes as possible, innermost the one along which the target is dense. */
export function simplifyBlock(axes: readonly BlockAxis[]): BlockAxis[] {
  const result: BlockAxis[] = [];
  for (const axis of axes) {
    if (axis.extent === 1) continue;
    const last = result.at(-1);
    const continues =
      last !== undefined &&
      last.sourceStride === axis.sourceStride * axis.extent &&
      last.targetStride === axis.targetStride * axis.extent;
    if (continues) {
      result[result.length - 1] = { ...axis, extent: last.extent * axis.extent };
    } else {
      result.push({ ...axis });
    }
  }
  // Before the innermost comes the axis along which the source is dense: the kernel transposes the two in fours.
  const dense = result.findIndex(({ sourceStride }) => sourceStride === 1);
  if (dense >= 0 && dense < result.length - 2) {
    const [axis] = result.splice(dense, 1);
    result.splice(result.length - 1, 0, axis!);
  }
  return result;
}

/** Whether a copy needs no more axes than the kernel has. */
export function isBlock(axes: readonly BlockAxis[]): boolean {
  return axes.length <= mostAxes || simplifyBlock(axes).length <= mostAxes;
}

export function createMovementKernels({ execute }: KernelRunner): MovementKernels {
  return {
    blockCopy(axes, source, target) {
      const block = simplifyBlock(axes);
      while (block.length < mostAxes) block.unshift({ extent: 1, sourceStride: 0, targetStride: 0 });
      const size = block.reduce((product, { extent }) => product * extent, 1);
      if (size === 0) return;
      execute('blockCopy', size, [
        source,
        target,
        ...block.map(({ extent }) => extent),
        ...block.map(({ sourceStride }) => sourceStride),
        ...block.map(({ targetStride }) => targetStride),
      ]);
    },
    fill: (length, output, bits) => execute('fill', length, [length, output, bits]),
    random: (kind, { seed, streamKey, streamCounter, step }, length, output) =>
      execute('random', length * 40, [
        length,
        output,
        seed,
        streamKey,
        step >>> 0,
        Math.floor(step / 2 ** 32),
        streamCounter,
        kind === 'normal' ? 1 : 0,
      ]),
  };
}

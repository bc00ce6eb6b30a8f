/** Sums, means, largest values and softmax behind tfjs's names. */
import { util, type NamedAttrMap } from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';
import { isFloat, product, replace, type Replacement } from './replacement.ts';

/** A tensor seen as [outer, reduced, inner], where the reduced axes follow one another; null where they do not. */
export function reducedExtents(
  shape: number[],
  axes: number[],
): { outer: number; reduced: number; inner: number } | null {
  const sorted = axes.filter((axis) => shape[axis] !== 1).sort((a, b) => a - b);
  if (sorted.length === 0) return { outer: 1, reduced: 1, inner: product(shape) };
  const [first, last] = [sorted[0]!, sorted[sorted.length - 1]!];
  const between = shape.slice(first, last + 1).filter((extent) => extent !== 1).length;
  if (between !== sorted.length) return null;
  return {
    outer: product(shape.slice(0, first)),
    reduced: product(shape.slice(first, last + 1)),
    inner: product(shape.slice(last + 1)),
  };
}

export function replaceReductionKernels({ kernels, address, output }: KernelAttachment): void {
  const reduce =
    (reduction: 'sum' | 'mean' | 'largest', axesOf: (attrs: NamedAttrMap) => unknown): Replacement =>
    ({ inputs: { x }, attrs }) => {
      if (!isFloat(x)) return null;
      const axes = util.parseAxisParam(axesOf(attrs) as number | number[], x.shape);
      const extents = reducedExtents(x.shape, axes);
      if (extents === null) return null;
      const kept = x.shape.flatMap((extent, axis) => {
        if (!axes.includes(axis)) return [extent];
        return attrs.keepDims === true ? [1] : [];
      });
      const result = output(kept);
      if (reduction === 'sum' && extents.outer === 1) {
        kernels.columnSum(extents.reduced, extents.inner, address(x), address(result));
      } else {
        kernels.axisReduction({ reduction, ...extents, input: address(x), output: address(result) });
      }
      return result;
    };

  const softmax: Replacement = ({ inputs: { logits }, attrs }) => {
    const rank = logits.shape.length;
    if (!isFloat(logits) || (attrs.dim !== -1 && attrs.dim !== rank - 1)) return null;
    const columns = logits.shape[rank - 1]!;
    const result = output(logits.shape);
    kernels.softmax({
      rows: product(logits.shape) / columns,
      columns,
      input: address(logits),
      output: address(result),
      logarithm: false,
    });
    return result;
  };

  replace(
    'Sum',
    reduce('sum', ({ axis }) => axis),
  );
  replace(
    'Mean',
    reduce('mean', ({ axis }) => axis),
  );
  replace(
    'Max',
    reduce('largest', ({ reductionIndices }) => reductionIndices),
  );
  replace('Softmax', softmax);
}

/** Slices, pads, concatenations, tiles, transposes and their like behind tfjs's names: all are block copies. */
import { backend_util, slice_util, util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelAttachment } from '../kernels/attachment.ts';
import type { BlockAxis } from '../kernels/kernel-jobs.ts';
import { isBlock } from '../kernels/movement-kernels.ts';
import { product, replace, type Replacement } from './replacement.ts';

/** The dtypes whose elements have four bytes. */
const isCopied = (x: TensorInfo): x is TensorInfo & { dtype: 'float32' | 'int32' } =>
  (x.dtype === 'float32' || x.dtype === 'int32') && product(x.shape) > 0;

/** Elements from one step of each axis to the next in a dense tensor. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

const floatBits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]!;

export function replaceMovementKernels({ kernels, address, output, share }: KernelAttachment): void {
  /** A fresh tensor of these extents, each axis read with its stride from `start` of x; null with too many axes. */
  function gathered(
    x: TensorInfo & { dtype: 'float32' | 'int32' },
    extents: readonly number[],
    sourceStrides: readonly number[],
    start: number,
    shape: number[],
  ): TensorInfo | null {
    const targetStrides = stridesOf(extents);
    const axes = extents.map((extent, axis): BlockAxis => ({
      extent,
      sourceStride: sourceStrides[axis]!,
      targetStride: targetStrides[axis]!,
    }));
    if (!isBlock(axes)) return null;
    const result = output(shape, x.dtype);
    kernels.blockCopy(axes, address(x) + start * 4, address(result));
    return result;
  }

  const sliceOf = (x: TensorInfo, begin: number[], size: number[]): TensorInfo | null => {
    if (!isCopied(x) || product(size) === 0) return null;
    const strides = stridesOf(x.shape);
    const start = begin.reduce((sum, from, axis) => sum + from * strides[axis]!, 0);
    return gathered(x, size, strides, start, size);
  };

  const slice: Replacement = ({ inputs: { x }, attrs }) => {
    const [begin, size] = slice_util.parseSliceParams(x, attrs.begin as number[], attrs.size as number[]);
    return sliceOf(x, begin!, size!);
  };

  const stridedSlice: Replacement = ({ inputs: { x }, attrs }) => {
    const info = slice_util.sliceInfo(
      x.shape,
      attrs.begin as number[],
      attrs.end as number[],
      attrs.strides as number[],
      attrs.beginMask as number,
      attrs.endMask as number,
      attrs.ellipsisMask as number,
      attrs.newAxisMask as number,
      attrs.shrinkAxisMask as number,
    );
    if (!isCopied(x) || product(info.finalShapeSparse) === 0) return null;
    const strides = stridesOf(x.shape);
    const start = info.begin.reduce((sum, from, axis) => sum + from * strides[axis]!, 0);
    const extents = slice_util.computeOutShape(info.begin, info.end, info.strides);
    const steps = strides.map((stride, axis) => stride * info.strides[axis]!);
    return gathered(x, extents, steps, start, info.finalShape);
  };

  const split: Replacement = ({ inputs: { x }, attrs }) => {
    const [axis] = util.parseAxisParam(attrs.axis as number, x.shape) as [number];
    const sizes = backend_util.prepareSplitSize(
      { ...x, size: product(x.shape) } as Parameters<typeof backend_util.prepareSplitSize>[0],
      attrs.numOrSizeSplits as number | number[],
      axis,
    );
    if (!isCopied(x) || sizes.includes(0) || x.shape.length > 6) return null;
    let from = 0;
    const parts = sizes.map((extent) => {
      const begin = x.shape.map((_, i) => (i === axis ? from : 0));
      from += extent;
      return sliceOf(
        x,
        begin,
        x.shape.map((whole, i) => (i === axis ? extent : whole)),
      );
    });
    return parts.filter((part) => part !== null);
  };

  const concatenation = (parts: TensorInfo[], axis: number): TensorInfo | null => {
    const filled = parts.filter((part) => product(part.shape) > 0);
    const [first] = filled;
    if (first === undefined || !filled.every((part) => isCopied(part) && part.dtype === first.dtype))
      return null;
    const shape = first.shape.slice();
    shape[axis] = filled.reduce((sum, part) => sum + part.shape[axis]!, 0);
    const result = output(shape, first.dtype as 'float32' | 'int32');
    const inner = product(shape.slice(axis + 1));
    const outer = product(shape.slice(0, axis));
    const rowLength = shape[axis]! * inner;
    let target = address(result);
    for (const part of filled) {
      const length = part.shape[axis]! * inner;
      const axes = [
        { extent: outer, sourceStride: length, targetStride: rowLength },
        { extent: length, sourceStride: 1, targetStride: 1 },
      ];
      kernels.blockCopy(axes, address(part), target);
      target += length * 4;
    }
    return result;
  };

  const concat: Replacement = ({ inputs, attrs }) => {
    const parts = Object.values(inputs);
    const [axis] = util.parseAxisParam(attrs.axis as number, parts[0]!.shape) as [number];
    return concatenation(parts, axis);
  };

  const pack: Replacement = ({ inputs, attrs }) => {
    const parts = Object.values(inputs);
    const axis = attrs.axis as number;
    const at = axis < 0 ? axis + parts[0]!.shape.length + 1 : axis;
    const expanded = parts.map((part) => ({ ...part, shape: part.shape.toSpliced(at, 0, 1) }));
    return concatenation(expanded, at);
  };

  const pad: Replacement = ({ inputs: { x }, attrs }) => {
    const paddings = attrs.paddings as [number, number][];
    if (!isCopied(x) || x.shape.length > 6) return null;
    const shape = x.shape.map((extent, axis) => paddings[axis]![0] + extent + paddings[axis]![1]);
    const value = attrs.constantValue as number;
    const result = output(shape, x.dtype);
    kernels.fill(product(shape), address(result), x.dtype === 'float32' ? floatBits(value) : value);
    const sourceStrides = stridesOf(x.shape);
    const targetStrides = stridesOf(shape);
    const start = paddings.reduce((sum, [before], axis) => sum + before * targetStrides[axis]!, 0);
    const axes = x.shape.map((extent, axis) => ({
      extent,
      sourceStride: sourceStrides[axis]!,
      targetStride: targetStrides[axis]!,
    }));
    kernels.blockCopy(axes, address(x), address(result) + start * 4);
    return result;
  };

  const mirrorPad: Replacement = ({ inputs: { x }, attrs }) => {
    const paddings = attrs.paddings as [number, number][];
    if (!isCopied(x) || x.shape.length > 6) return null;
    const offset = attrs.mode === 'reflect' ? 1 : 0;
    const shape = x.shape.map((extent, axis) => paddings[axis]![0] + extent + paddings[axis]![1]);
    const result = output(shape, x.dtype);
    const sourceStrides = stridesOf(x.shape);
    const targetStrides = stridesOf(shape);
    /** Of one axis: the stretch before, the middle and the stretch after, as source start, direction and extent. */
    const stretches = x.shape.map((extent, axis) => {
      const [before, after] = paddings[axis]!;
      return [
        { from: before - 1 + offset, direction: -1, extent: before, to: 0 },
        { from: 0, direction: 1, extent, to: before },
        { from: extent - 1 - offset, direction: -1, extent: after, to: before + extent },
      ].filter((stretch) => stretch.extent > 0);
    });
    const copy = (axis: number, source: number, target: number, axes: BlockAxis[]): void => {
      if (axis === stretches.length) {
        kernels.blockCopy(axes, address(x) + source * 4, address(result) + target * 4);
        return;
      }
      const [sourceStride, targetStride] = [sourceStrides[axis]!, targetStrides[axis]!];
      for (const { from, direction, extent, to } of stretches[axis]!) {
        const next = { extent, sourceStride: sourceStride * direction, targetStride };
        copy(axis + 1, source + from * sourceStride, target + to * targetStride, [...axes, next]);
      }
    };
    copy(0, 0, 0, []);
    return result;
  };

  const tile: Replacement = ({ inputs: { x }, attrs }) => {
    const repeats = attrs.reps as number[];
    if (!isCopied(x) || repeats.length !== x.shape.length || repeats.includes(0)) return null;
    const strides = stridesOf(x.shape);
    return gathered(
      x,
      x.shape.flatMap((extent, axis) => [repeats[axis]!, extent]),
      strides.flatMap((stride) => [0, stride]),
      0,
      x.shape.map((extent, axis) => extent * repeats[axis]!),
    );
  };

  const transpose: Replacement = ({ inputs: { x }, attrs }) => {
    const permutation = attrs.perm as number[];
    if (!isCopied(x)) return null;
    const moved = permutation.filter((axis) => x.shape[axis] !== 1);
    const shape = permutation.map((axis) => x.shape[axis]!);
    if (moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) return share(x, shape);
    const strides = stridesOf(x.shape);
    return gathered(
      x,
      shape,
      permutation.map((axis) => strides[axis]!),
      0,
      shape,
    );
  };

  const depthToSpace: Replacement = ({ inputs: { x }, attrs }) => {
    if (!isCopied(x) || attrs.dataFormat !== 'NHWC') return null;
    const block = attrs.blockSize as number;
    const [batch, height, width, depth] = x.shape as [number, number, number, number];
    const channels = depth / (block * block);
    const [picture, row, pixel] = stridesOf(x.shape) as [number, number, number];
    return gathered(
      x,
      [batch, height, block, width, block, channels],
      [picture, row, block * channels, pixel, channels, 1],
      0,
      [batch, height * block, width * block, channels],
    );
  };

  const reverse: Replacement = ({ inputs: { x }, attrs }) => {
    if (!isCopied(x)) return null;
    const axes = util.parseAxisParam(attrs.dims as number | number[], x.shape);
    const strides = stridesOf(x.shape);
    const start = axes.reduce((sum, axis) => sum + (x.shape[axis]! - 1) * strides[axis]!, 0);
    const steps = strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride));
    return gathered(x, x.shape, steps, start, x.shape);
  };

  replace('Slice', slice);
  replace('StridedSlice', stridedSlice);
  replace('SplitV', split);
  replace('Concat', concat);
  replace('Pack', pack);
  replace('PadV2', pad);
  replace('MirrorPad', mirrorPad);
  replace('Tile', tile);
  replace('Transpose', transpose);
  replace('DepthToSpace', depthToSpace);
  replace('Reverse', reverse);
}

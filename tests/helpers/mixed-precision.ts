/*
 * Mixed precision on a graphics device with 16-bit arithmetic, tried in a process of its own; prints what came of it as
 * one line of JSON. Run by its tests: `node mixed-precision.ts products`, `train full`, `train mixed`, `overflow`.
 */
import * as tf from '@tensorflow/tfjs-core';
import { toFailure } from '../../src-main/contract/errors.ts';
import type { Precision } from '../../src-main/contract/precision.ts';
import { inFullPrecision } from '../../src-main/engine/backends/full-precision.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { familyOf } from '../../src-main/engine/models/family-of.ts';
import { normals } from '../../src-main/engine/random.ts';
import { smallConfig } from '../engine/engine-fixtures.ts';
import { pictures } from '../engine/model-fixtures.ts';

/** How far off the furthest number is, as a share of the sum of the absolute values that it is made of. */
export interface ProductTried {
  name: string;
  worst: number;
}

export interface ProductsTried {
  device: string;
  products: ProductTried[];
  /** The first of them, with full precision asked for. */
  inFull: ProductTried;
  /** A product with an operand that 16 bits cannot hold. */
  overflowed: (number | string)[];
}

export interface OverflowMet {
  steps: { told: Record<string, number>; isSame: boolean; isFinite: boolean }[];
}

export type StepsTrained = Record<string, Record<string, number>[]>;

let drawn = 0;
const random = (shape: number[]) =>
  tf.tensor(normals(7, 'mixed-precision', drawn++, tf.util.sizeFromShape(shape)), shape);

/** Adds up in double precision what `terms` names: for each, the place in the result and in both operands. */
function reference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  size: number,
  terms: (term: (result: number, ofA: number, ofB: number) => void) => void,
): { sums: Float64Array; sizes: Float64Array } {
  const [sums, sizes] = [new Float64Array(size), new Float64Array(size)];
  terms((result, ofA, ofB) => {
    sums[result]! += a[ofA]! * b[ofB]!;
    sizes[result]! += Math.abs(a[ofA]! * b[ofB]!);
  });
  return { sums, sizes };
}

function tried(
  name: string,
  a: tf.Tensor,
  b: tf.Tensor,
  compute: () => tf.Tensor,
  terms: Parameters<typeof reference>[3],
): ProductTried {
  const values = compute().dataSync();
  const { sums, sizes } = reference(a.dataSync(), b.dataSync(), values.length, terms);
  const shares = Array.from(values, (value, at) => Math.abs(value - sums[at]!) / (sizes[at]! || 1));
  return { name, worst: Math.max(...shares) };
}

function matrixProducts(): ProductTried[] {
  const plain = { batches: [1, 1], rows: 33, inner: 47, columns: 65 } as const;
  const shapes = [
    { ...plain, transposed: [false, false] },
    { ...plain, transposed: [false, true] },
    { ...plain, transposed: [true, false] },
    { ...plain, transposed: [true, true] },
    { batches: [3, 3], rows: 8, inner: 32, columns: 31, transposed: [false, true] },
    { batches: [3, 1], rows: 40, inner: 9, columns: 70, transposed: [false, false] },
    // Long and narrow: in several parts, added up afterwards.
    { batches: [1, 1], rows: 16, inner: 3001, columns: 20, transposed: [true, false] },
  ] as const;
  return shapes.map(({ batches, rows, inner, columns, transposed: [ofA, ofB] }) => {
    const a = random([batches[0], ...(ofA ? [inner, rows] : [rows, inner])]);
    const b = random([batches[1], ...(ofB ? [columns, inner] : [inner, columns])]);
    const name = `[${a.shape.join()}]${ofA ? 'ᵀ' : ''} × [${b.shape.join()}]${ofB ? 'ᵀ' : ''}`;
    return tried(
      name,
      a,
      b,
      () => tf.matMul(a, b, ofA, ofB),
      (term) => {
        for (let n = 0; n < batches[0]; n++)
          for (let row = 0; row < rows; row++)
            for (let column = 0; column < columns; column++)
              for (let k = 0; k < inner; k++) {
                const inA = n * rows * inner + (ofA ? k * rows + row : row * inner + k);
                const ofBatch = batches[1] === 1 ? 0 : n * inner * columns;
                const inB = ofBatch + (ofB ? column * inner + k : k * columns + column);
                term((n * rows + row) * columns + column, inA, inB);
              }
      },
    );
  });
}

function convolutions(): ProductTried[] {
  const shapes = [
    { picture: [2, 9, 7, 8], filter: [3, 3, 8, 12], stride: 1, padding: 'same' },
    { picture: [2, 12, 10, 9], filter: [4, 4, 9, 33], stride: 2, padding: 'same' },
    { picture: [3, 8, 11, 16], filter: [3, 3, 16, 8], stride: 2, padding: 'valid' },
  ] as const;
  return shapes.flatMap(({ picture, filter, stride, padding }) => {
    const [batch, height, width, channels] = picture;
    const [filterHeight, filterWidth, , outputs] = filter;
    const info = tf.backend_util.computeConv2DInfo([...picture], [...filter], stride, 1, padding);
    const { outHeight, outWidth, padInfo } = info;
    const x = random([...picture]) as tf.Tensor4D;
    const w = random([...filter]) as tf.Tensor4D;
    const dy = random([batch, outHeight, outWidth, outputs]) as tf.Tensor4D;
    /** Of every term of the convolution: its place in the pictures, the filter and the results. */
    const terms = (term: (inX: number, inW: number, inY: number) => void) => {
      for (let pixel = 0; pixel < batch * outHeight * outWidth; pixel++)
        for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
          const row = (Math.floor(pixel / outWidth) % outHeight) * stride - padInfo.top;
          const y = row + Math.floor(tap / filterWidth);
          const left = (pixel % outWidth) * stride - padInfo.left + (tap % filterWidth);
          if (y < 0 || y >= height || left < 0 || left >= width) continue;
          const number = Math.floor(pixel / (outHeight * outWidth));
          for (let c = 0; c < channels; c++)
            for (let o = 0; o < outputs; o++)
              term(
                ((number * height + y) * width + left) * channels + c,
                (tap * channels + c) * outputs + o,
                pixel * outputs + o,
              );
        }
    };
    const name = `[${picture.join()}] by [${filter.join()}], stride ${stride}, ${padding}`;
    const kernel = (kernelName: string, inputs: tf.NamedTensorMap, attributes: tf.NamedAttrMap) =>
      tf.engine().runKernel(kernelName, inputs, {
        ...{ strides: stride, pad: padding, dataFormat: 'NHWC' },
        ...attributes,
      }) as tf.Tensor;
    return [
      tried(
        `convolution of ${name}`,
        x,
        w,
        () => tf.conv2d(x, w, stride, padding),
        (term) => terms((inX, inW, inY) => term(inY, inX, inW)),
      ),
      tried(
        `its gradient by the pictures`,
        dy,
        w,
        () => kernel('Conv2DBackpropInput', { dy, filter: w }, { inputShape: [...picture] }),
        (term) => terms((inX, inW, inY) => term(inX, inY, inW)),
      ),
      tried(
        `its gradient by the filter`,
        x,
        dy,
        () => kernel('Conv2DBackpropFilter', { x, dy }, { filterShape: [...filter] }),
        (term) => terms((inX, inW, inY) => term(inW, inX, inY)),
      ),
    ];
  });
}

async function tryProducts(): Promise<ProductsTried> {
  const { device } = await openBackend('webgpu', { precision: 'mixed' });
  const large = tf.mul(tf.ones([16, 16]), 70_000);
  const overflowed = [...new Set(tf.matMul(large as tf.Tensor2D, tf.ones([16, 16])).dataSync())].map(
    (value) => (Number.isFinite(value) ? value : String(value)),
  );
  const products = [...matrixProducts(), ...convolutions()];
  return { device, products, inFull: inFullPrecision(matrixProducts)[0]!, overflowed };
}

/** Two steps of two small models; the gradients of the first show in the second. */
async function train(precision: Precision): Promise<StepsTrained> {
  await openBackend('webgpu', { precision });
  return Object.fromEntries(
    ['dcgan-28', 'ddpm-28'].map((presetId) => {
      const config = smallConfig(presetId, { precision, batchSize: 2 });
      const model = familyOf(config.family).build(config);
      const steps = [0, 1].map((step) => {
        const images = pictures(config, step);
        const values = model.trainStep(images, step);
        images.dispose();
        return values;
      });
      model.dispose();
      return [presetId, steps];
    }),
  );
}

/** Steps of a model whose loss scale is far too large for 16 bits: what each tells, and what it moved. */
async function overflow(): Promise<OverflowMet> {
  await openBackend('webgpu', { precision: 'mixed' });
  const config = smallConfig('dcgan-28', { precision: 'mixed', batchSize: 2 });
  const model = familyOf(config.family).build(config);
  const begun = model.save();
  begun.get('precision.loss-scale')!.data[0] = 2 ** 24;
  model.load(begun, 1, 'begun');
  const weightsOf = (tensors: typeof begun) =>
    [...tensors].flatMap(([name, { data }]) => (/^(generator|discriminator)\./.test(name) ? [...data] : []));
  let before = weightsOf(begun);
  const steps: OverflowMet['steps'] = [];
  for (let step = 1; step < 12; step++) {
    const images = pictures(config, step);
    const told = model.trainStep(images, step);
    images.dispose();
    const after = weightsOf(model.save());
    const isSame = after.every((value, at) => value === before[at]);
    steps.push({ told, isSame, isFinite: after.every(Number.isFinite) });
    before = after;
    if (told.updatesLeftOut === 0) break;
  }
  model.dispose();
  return { steps };
}

if (process.argv[1] === import.meta.filename) {
  const [what, precision] = process.argv.slice(2);
  const tries = { products: tryProducts, overflow, train: () => train(precision as Precision) };
  const wanted: () => Promise<unknown> = tries[what as keyof typeof tries];
  const outcome = await wanted().catch((error: unknown) => ({ failure: toFailure(error) }));
  console.log(JSON.stringify(outcome));
  process.exit(0);
}

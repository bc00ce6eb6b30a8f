/** Puts matrix products of 16-bit operands behind tfjs's own, on WebGPU. */
import { broadcast_util, env, getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { convolutionShapeOf } from '../kernels/convolution-shape.ts';
import type { ConvolutionShape } from '../kernels/kernel-jobs.ts';
import { isFullPrecisionAsked } from './full-precision.ts';
import {
  convolutionProduct,
  filterGradientProduct,
  inputGradientProduct,
  matrixProduct,
  programOf,
  type Product,
} from './half-precision-program.ts';
import { isFloat, product, replace, type Call, type Replacement } from './replacement.ts';

/** The parts of tfjs's backend that recording a program of one's own takes. */
interface Recorder {
  readonly device: GPUDevice;
  commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  tensorToBinding(tensor: TensorInfo): GPUBindingResource;
}

/** Below this a side of a product is too short for a 16-bit operand to save anything. */
const shortestSide = 8;

/**
 * Lets matrix products, convolutions and their gradients round their operands to 16 bits. What is small, and what is
 * not made of 32-bit floats, stays with tfjs. The backend's device must have `shader-f16`.
 */
export function registerHalfPrecision(backend: WebGPUBackend): void {
  const pipelines = new Map<string, GPUComputePipeline>();
  const run = (wanted: Product, left: TensorInfo, right: TensorInfo, shape: number[]): TensorInfo | null => {
    if (Math.min(wanted.rows, wanted.inner, wanted.columns) < shortestSide) return null;
    const { code, dispatch, splits } = programOf(wanted);
    let pipeline = pipelines.get(code);
    if (!pipeline) {
      const module = backend.device.createShaderModule({ code });
      pipeline = backend.device.createComputePipeline({
        layout: 'auto',
        compute: { module, entryPoint: 'main' },
      });
      pipelines.set(code, pipeline);
    }
    if (splits === 1) return record(backend, pipeline, dispatch, [left, right], shape);
    const parts = record(backend, pipeline, dispatch, [left, right], [splits, product(shape)]);
    const { kernelFunc: sum } = getKernel('Sum', 'webgpu')!;
    const whole = sum({ inputs: { x: parts }, attrs: { axis: [0], keepDims: false }, backend }) as TensorInfo;
    backend.disposeData(parts.dataId);
    return { ...whole, shape };
  };

  const unlessFullPrecision =
    (replacement: Replacement): Replacement =>
    (call) =>
      isFullPrecisionAsked() || !isFloat(...Object.values(call.inputs)) ? null : replacement(call);
  const ofConvolution = (
    make: (shape: ConvolutionShape) => Product,
    shapesOf: (call: Call) => { input: number[]; filter: number[]; result: number[] | null },
    operands: (inputs: Call['inputs']) => [TensorInfo, TensorInfo],
  ): Replacement =>
    unlessFullPrecision((call) => {
      const { input, filter, result } = shapesOf(call);
      const shape = convolutionShapeOf(input, filter, call.attrs);
      if (!shape) return null;
      const made = [shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels];
      return run(make(shape), ...operands(call.inputs), result ?? made);
    });

  replace(
    'BatchMatMul',
    unlessFullPrecision(({ inputs, attrs }) => {
      const [a, b] = [inputs.a!, inputs.b!];
      const transposed = [attrs.transposeA === true, attrs.transposeB === true] as const;
      const sides = ({ shape }: TensorInfo, isTransposed: boolean) =>
        isTransposed ? shape.slice(-2).reverse() : shape.slice(-2);
      const [rows, inner] = sides(a, transposed[0]) as [number, number];
      const columns = sides(b, transposed[1])[1]!;
      const outer = [a.shape.slice(0, -2), b.shape.slice(0, -2)] as const;
      const batches = [product(outer[0]), product(outer[1])] as const;
      if (batches[0] !== batches[1] && Math.min(...batches) !== 1) return null;
      const around = broadcast_util.assertAndGetBroadcastShape(...outer);
      // Two that are each spread along another axis have more pairs than either has matrices.
      if (product(around) !== Math.max(...batches)) return null;
      const shape = [...around, rows, columns];
      return run(matrixProduct({ batches, rows, inner, columns, transposed }), a, b, shape);
    }),
    'webgpu',
  );
  replace(
    'Conv2D',
    ofConvolution(
      convolutionProduct,
      ({ inputs }) => ({ input: inputs.x!.shape, filter: inputs.filter!.shape, result: null }),
      ({ x, filter }) => [x!, filter!],
    ),
    'webgpu',
  );
  replace(
    'Conv2DBackpropInput',
    ofConvolution(
      inputGradientProduct,
      ({ inputs, attrs }) => {
        const input = attrs.inputShape as number[];
        return { input, filter: inputs.filter!.shape, result: input };
      },
      ({ dy, filter }) => [dy!, filter!],
    ),
    'webgpu',
  );
  replace(
    'Conv2DBackpropFilter',
    ofConvolution(
      filterGradientProduct,
      ({ inputs, attrs }) => {
        const filter = attrs.filterShape as number[];
        return { input: inputs.x!.shape, filter, result: filter };
      },
      ({ x, dy }) => [x!, dy!],
    ),
    'webgpu',
  );
}

/** Puts a program into the commands that tfjs is gathering, as it does with its own. */
function record(
  backend: WebGPUBackend,
  pipeline: GPUComputePipeline,
  dispatch: readonly [number, number],
  inputs: readonly TensorInfo[],
  shape: number[],
): TensorInfo {
  const output = backend.makeTensorInfo(shape, 'float32');
  const tensors = [output, ...inputs];
  const recorder = backend as unknown as Recorder;
  for (const { dataId } of tensors) {
    backend.uploadToGPU(dataId);
    recorder.commandQueueOwnedIds.add(dataId);
  }
  const bindings = recorder.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: tensors.map((tensor, binding) => ({ binding, resource: recorder.tensorToBinding(tensor) })),
  });
  backend.ensureCommandEncoderReady();
  recorder.computePassEncoder ??= recorder.commandEncoder.beginComputePass();
  recorder.computePassEncoder.setPipeline(pipeline);
  recorder.computePassEncoder.setBindGroup(0, bindings);
  recorder.computePassEncoder.dispatchWorkgroups(...dispatch);
  recorder.dispatchCountInPass++;
  if (recorder.dispatchCountInPass >= env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  return output;
}

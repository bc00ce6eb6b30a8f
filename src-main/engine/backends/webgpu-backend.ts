import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { StudioError } from '../../contract/errors.ts';
import { withoutHalfPrecision } from '../../contract/precision.ts';
import type { BackendHandle, BackendOptions } from './backend.ts';
import type { WaitUntil } from './gpu-events.ts';
import { registerHalfPrecision } from './half-precision-kernels.ts';
import { chooseAdapter, videoMemoryBytes } from './webgpu-adapter.ts';

/** The parts of tfjs's backend that it does not declare. */
interface Internals {
  readonly device: GPUDevice;
  commandEncoder: GPUCommandEncoder;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  convertAndCacheOnCPU(dataId: object, values: tf.BackendValues): tf.BackendValues;
  memory(): { numBytesInGPU: number };
}

/** What tfjs's programs lean on; everything else of an adapter stays at WebGPU's defaults. */
const raisedLimits = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/**
 * Opens tfjs's WebGPU backend on Dawn: Vulkan, Metal or Direct3D 12.
 *
 * Reading a tensor waits for the device, as on the other backends. What the device reports in between, its loss
 * above all, is thrown by the next read: as `backend-lost`, or as `out-of-memory`.
 *
 * @throws StudioError `backend-unavailable` with the reason
 */
export async function openWebgpuBackend(options: BackendOptions): Promise<BackendHandle> {
  const { adapter, names, software, waitUntil } = await chooseAdapter(options.adapter ?? '');
  const { info, limits } = adapter;
  const halfPrecision = adapter.features.has('shader-f16');
  if (options.precision === 'mixed' && !halfPrecision) throw withoutHalfPrecision(nameOf(info));
  const device = await adapter.requestDevice({
    requiredFeatures: halfPrecision ? ['shader-f16'] : [],
    requiredLimits: Object.fromEntries(raisedLimits.map((name) => [name, limits[name]])),
  });
  const { WebGPUBackend: Backend } = await import('@tensorflow/tfjs-backend-webgpu');
  const tensors = new Backend(device, info);
  const name = nameOf(info);
  readSynchronously(tensors, waitUntil, name);
  // The package registers a backend on the adapter of its own choice.
  tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => tensors);
  if (!(await tf.setBackend('webgpu'))) {
    throw new StudioError('backend-unavailable', 'The WebGPU backend of tfjs did not start.', {
      backend: 'webgpu',
    });
  }
  if (options.precision === 'mixed') registerHalfPrecision(tensors);
  return {
    id: 'webgpu',
    device: `${name}, WebGPU on ${nativeInterface()}`,
    threads: 1,
    variant: 'stock',
    reason: software ? 'The processor imitates this graphics device.' : null,
    accelerator: {
      vendor: info.vendor,
      memoryBytes: software ? null : await videoMemoryBytes(`${info.vendor} ${name}`),
      software,
      adapters: names,
      halfPrecision,
    },
    largestTensorBytes: Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize),
    memory: () => ({
      bytes: (tensors as unknown as Internals).memory().numBytesInGPU,
      tensors: tf.memory().numTensors,
    }),
  };
}

const nameOf = (info: GPUAdapterInfo): string =>
  info.description || info.device || info.architecture || 'unnamed graphics device';

function nativeInterface(): string {
  if (process.platform === 'darwin') return 'Metal';
  return process.platform === 'win32' ? 'Direct3D 12' : 'Vulkan';
}

/** Gives the backend the blocking read that tfjs has for browsers alone, where a canvas helps it. */
function readSynchronously(tensors: WebGPUBackend, waitUntil: WaitUntil, name: string): void {
  const internals = tensors as unknown as Internals;
  const { device } = internals;
  let lost: string | null = null;
  let error: GPUError | null = null;
  void device.lost.then(({ message }) => (lost = message || 'no reason given'));
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    error ??= event.error;
  });

  const lostError = () =>
    new StudioError(
      'backend-lost',
      `Interrupted: GPU lost. ${name} was reset, unplugged or taken away (${lost ?? 'it gave no reason'}). Go on from the last checkpoint, here or on another backend.`,
      { backend: 'webgpu', device: name },
    );

  const requireHealth = (): void => {
    if (lost !== null) throw lostError();
    if (error === null) return;
    const [message] = error.message.split('\n');
    if (error instanceof GPUOutOfMemoryError) {
      const { numBytesInGPU } = internals.memory();
      throw new StudioError(
        'out-of-memory',
        `The memory of ${name} ran out: tensors of ${Math.round(numBytesInGPU / 1e6)} MB were on it (${message}).`,
        { hadBytes: numBytesInGPU },
      );
    }
    throw new Error(`${name} refused a command: ${message}`);
  };

  tensors.readSync = (dataId) => {
    const held = tensors.tensorMap.get(dataId);
    if (held.values !== null && held.values !== undefined) return held.values;
    const source = held.resource as GPUBuffer;
    const { bufferManager } = tensors;
    const staging = bufferManager.acquireBuffer(
      source.size,
      GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    ) as GPUBuffer;
    internals.ensureCommandEncoderReady();
    internals.endComputePassEncoder();
    internals.commandEncoder.copyBufferToBuffer(source, 0, staging, 0, source.size);
    internals.submitQueue();
    // The loss of the device rejects it; that is told below, in words.
    staging.mapAsync(GPUMapMode.READ).catch(() => undefined);
    waitUntil(() => staging.mapState !== 'pending');
    requireHealth();
    if (staging.mapState !== 'mapped') throw lostError();
    const bytes = staging.getMappedRange().slice(0);
    staging.unmap();
    bufferManager.releaseBuffer(staging);
    const values = tf.util.convertBackendValuesAndArrayBuffer(bytes, held.dtype);
    return internals.convertAndCacheOnCPU(dataId, values);
  };
}

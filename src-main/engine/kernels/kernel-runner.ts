import type { KernelHost, KernelThreads } from './kernel-module.ts';

/** The numbers by which `assembly/index.ts` knows the kernels. */
const kernelNumbers = {
  matrixProduct: 1,
  convolution: 2,
  inputGradient: 3,
  filterGradient: 4,
  activation: 5,
  activationGradient: 6,
  columnSum: 7,
  squareSum: 8,
  batchNormalization: 9,
  batchNormalizationGradient: 10,
  adam: 11,
  winogradInput: 12,
  winogradInputBack: 13,
  winogradOutput: 14,
  winogradOutputBack: 15,
  winogradFilter: 16,
  winogradFilterBack: 17,
  crossEntropy: 18,
  crossEntropyGradient: 19,
  layerNormalization: 20,
  layerNormalizationGradient: 21,
  layerNormalizationParameters: 22,
  rowScatter: 23,
  largestGradient: 24,
  blockCopy: 25,
  fill: 26,
  softmax: 27,
  softmaxGradient: 28,
  axisReduction: 29,
  largestPooling: 30,
  averagePooling: 31,
  averageGradient: 32,
  largestChoice: 33,
  resize: 34,
  resizeGradient: 35,
  random: 36,
  groupNormalization: 37,
  groupNormalizationGradient: 38,
} as const;

export type KernelName = keyof typeof kernelNumbers;

interface KernelExports {
  run(kernel: number, job: number, index: number, count: number, scratch: number): void;
  scratchBytes(kernel: number, job: number): number;
  /** What a job takes with its result and the numbers that all kernels read behind it. */
  bytesWithNumbers(): number;
  /** Writes these numbers behind the job at this address. */
  writeNumbers(job: number): void;
  /** Of the threaded builds only. */
  runShared(
    control: number,
    kernel: number,
    job: number,
    parts: number,
    scratch: number,
    scratchStride: number,
  ): void;
}

/** Runs kernels by name, on one thread or on all. */
export interface KernelRunner {
  /**
   * Runs a kernel with the fields of its job, whole numbers first. `work` is the number of multiply-adds or
   * their like, which decides on sharing the job out; more than `mostParts` would repeat too much for each other.
   */
  execute(
    kernel: KernelName,
    work: number,
    fields: readonly number[],
    floats?: readonly number[],
    mostParts?: number,
  ): void;
  /** Address of at least `bytes` bytes, aligned to 64, whose contents last until the next call. */
  workspace(bytes: number): number;
  /** Address of two 64-bit floats for a kernel's result. */
  readonly result: number;
  dispose(): void;
}

const jobBytes = 128;
const alignment = 64;
const granularityBytes = 1 << 20;
/** Multiply-adds below which waking other threads costs more than they save. */
const sharedWorkMinimum = 100_000;
/** Work worth a part of its own: each part packs anew what it shares with others. */
const partWork = 2_000_000;
/** Parts for each thread, so that one which is put aside does not hold up the others for long. */
const mostPartsPerThread = 4;

const aligned = (address: number): number => Math.ceil(address / alignment) * alignment;

/** A block of the host's memory that is replaced by a larger one when it is too small. */
function growingBlock(host: KernelHost): { atLeast(bytes: number): number; release(): void } {
  let block = 0;
  let size = 0;
  const release = (): void => {
    if (block !== 0) host.release(block);
    block = size = 0;
  };
  return {
    atLeast(bytes) {
      if (bytes > size) {
        release();
        const wanted = Math.ceil(bytes / granularityBytes) * granularityBytes;
        block = host.allocate(wanted + alignment);
        size = wanted;
      }
      return aligned(block);
    },
    release,
  };
}

/** Instantiates a module in the host's memory; `threads` need a threaded build. */
export function createRunner(
  module: WebAssembly.Module,
  host: KernelHost,
  threads: KernelThreads | null,
): KernelRunner {
  const instance = new WebAssembly.Instance(module, {
    env: { memory: host.memory, abort: () => undefined },
  });
  const { run, runShared, scratchBytes, bytesWithNumbers, writeNumbers } =
    instance.exports as unknown as KernelExports;
  const jobBlock = host.allocate(bytesWithNumbers());
  writeNumbers(jobBlock);
  const scratch = growingBlock(host);
  const workspace = growingBlock(host);
  let integers = new Int32Array(host.memory.buffer);
  let floats = new Float32Array(host.memory.buffer);

  const refreshViews = (): void => {
    const { buffer } = host.memory;
    if (integers.buffer === buffer && integers.byteLength === buffer.byteLength) return;
    integers = new Int32Array(buffer);
    floats = new Float32Array(buffer);
  };

  return {
    execute(kernel, work, fields, floatFields = [], mostParts = Infinity) {
      refreshViews();
      let index = jobBlock >>> 2;
      for (const field of fields) integers[index++] = field;
      for (const field of floatFields) floats[index++] = field;
      const number = kernelNumbers[kernel];
      const bytes = aligned(scratchBytes(number, jobBlock) >>> 0);
      if (threads !== null && work >= sharedWorkMinimum) {
        const block = scratch.atLeast(bytes * threads.count);
        const { count } = threads;
        const wanted = Math.min(count * mostPartsPerThread, mostParts, Math.floor(work / partWork));
        // As many for each thread: one part too many is a round in which the others wait.
        const parts = count * Math.max(1, Math.floor(wanted / count));
        runShared(threads.control, number, jobBlock, parts, block, bytes);
      } else {
        run(number, jobBlock, 0, 1, scratch.atLeast(bytes));
      }
    },
    workspace: workspace.atLeast,
    result: Math.ceil((jobBlock + jobBytes) / 8) * 8,
    dispose() {
      scratch.release();
      workspace.release();
      host.release(jobBlock);
    },
  };
}

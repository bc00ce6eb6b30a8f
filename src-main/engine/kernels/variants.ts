/** The builds of the kernels and which of them this runtime can execute. */
import { setFlagsFromString } from 'node:v8';

/**
 * `relaxed` uses relaxed SIMD, whose fused multiply-add doubles the arithmetic per instruction on
 * processors that have one; `wide` is the same in blocks twice as wide, for V8 joins their vectors of 128 bits
 * to 256 where the processor has those; `plain` needs only the fixed-width SIMD of WebAssembly 2.0.
 */
export type KernelVariant = 'wide' | 'relaxed' | 'plain';

/** Best first. */
export const kernelVariants: readonly KernelVariant[] = ['wide', 'relaxed', 'plain'];

/** Every build: each variant alone and for threads in shared memory. */
export const kernelBuilds: readonly { variant: KernelVariant; threaded: boolean }[] = kernelVariants.flatMap(
  (variant) => [false, true].map((threaded) => ({ variant, threaded })),
);

/** File name of a build inside `kernelDirectory`. */
export function kernelFileName(variant: KernelVariant, threaded: boolean): string {
  return `${variant}${threaded ? '-threaded' : ''}.wasm`;
}

/** Folder of the compiled kernels, `out/kernels/` at the root of the project. */
export const kernelDirectory = new URL('../../../out/kernels/', import.meta.url);

const valueTypes = { i32: 0x7f, v128: 0x7b } as const;

/**
 * Smallest module that holds and exports as `f` one function without parameters and with the given body.
 * `WebAssembly.validate` answers for it without compiling anything, which is the standard way to detect a feature.
 */
function probe(body: number[], result: keyof typeof valueTypes = 'v128'): Uint8Array<ArrayBuffer> {
  const code = [0x00, ...body, 0x0b];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, valueTypes[result]],
    ...[0x03, 0x02, 0x01, 0x00],
    ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
    ...[0x0a, code.length + 2, 0x01, code.length, ...code],
  ]);
}

const splatZero = [0x41, 0x00, 0xfd, 0x11];
// f32x4.relaxed_madd is 0xfd 0x105, written as the LEB128 bytes 0x85 0x02.
const relaxedMultiplyAdd = [0xfd, 0x85, 0x02];
const relaxedProbe = probe([...splatZero, ...splatZero, ...splatZero, ...relaxedMultiplyAdd]);

/** `f32x4.splat` of a number given by its bits. */
function splatBits(bits: number): number[] {
  const bytes = new Uint8Array(Uint32Array.of(bits).buffer);
  return [0x43, ...bytes, 0xfd, 0x13];
}

/**
 * Whether a relaxed multiply-add rounds once: (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is 2⁻²⁴, and 0 where the product is rounded
 * by itself.
 */
function roundsOnce(): boolean {
  const factor = splatBits(0x3f800800);
  const extractInteger = [0xfd, 0x1b, 0x00];
  const module = new WebAssembly.Module(
    probe([...factor, ...factor, ...splatBits(0xbf801000), ...relaxedMultiplyAdd, ...extractInteger], 'i32'),
  );
  const { f } = new WebAssembly.Instance(module).exports as { f: () => number };
  return f() !== 0;
}

let joins: boolean | null = null;

/** Whether vectors can be joined: on x86-64 with a fused multiply-add, which came with vectors of 256 bits (AVX2). */
const canJoinVectors = (): boolean =>
  (joins ??= process.arch === 'x64' && WebAssembly.validate(relaxedProbe) && roundsOnce());

/** Whether this runtime can execute a variant. */
export function supportsVariant(variant: KernelVariant): boolean {
  switch (variant) {
    case 'wide':
      return canJoinVectors();
    case 'relaxed':
      return WebAssembly.validate(relaxedProbe);
    case 'plain':
      return WebAssembly.validate(probe(splatZero));
  }
}

/**
 * To be called before a variant is compiled. For the wide one V8 joins neighbouring vectors, in all that this process
 * compiles from now on; the bits of results stay.
 */
export function prepareFor(variant: KernelVariant): void {
  if (variant === 'wide') setFlagsFromString('--experimental-wasm-revectorize');
}

/** The best variant that this runtime can execute, or null where WebAssembly SIMD is missing. */
export function bestVariant(): KernelVariant | null {
  return kernelVariants.find(supportsVariant) ?? null;
}

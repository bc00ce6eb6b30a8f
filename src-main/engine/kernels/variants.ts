/** The builds of the kernels and which of them this runtime can execute. */

/**
 * `relaxed` uses relaxed SIMD, whose fused multiply-add doubles the arithmetic per instruction on
 * processors that have one; `plain` needs only the fixed-width SIMD of WebAssembly 2.0.
 */
export type KernelVariant = 'relaxed' | 'plain';

/** Best first. */
export const kernelVariants: readonly KernelVariant[] = ['relaxed', 'plain'];

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

/**
 * Smallest module that holds one function of type () -> v128 with the given body. `WebAssembly.validate`
 * answers for it without compiling anything, which is the standard way to detect a feature.
 */
function probe(body: number[]): Uint8Array<ArrayBuffer> {
  const v128 = 0x7b;
  const code = [0x00, ...body, 0x0b];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, v128],
    ...[0x03, 0x02, 0x01, 0x00],
    ...[0x0a, code.length + 2, 0x01, code.length, ...code],
  ]);
}

const splatZero = [0x41, 0x00, 0xfd, 0x11];
const probes: Record<KernelVariant, Uint8Array<ArrayBuffer>> = {
  // f32x4.relaxed_madd is 0xfd 0x105, written as the LEB128 bytes 0x85 0x02.
  relaxed: probe([...splatZero, ...splatZero, ...splatZero, 0xfd, 0x85, 0x02]),
  plain: probe(splatZero),
};

/** Whether this runtime can execute a variant. */
export function supportsVariant(variant: KernelVariant): boolean {
  return WebAssembly.validate(probes[variant]);
}

/** The best variant that this runtime can execute, or null where WebAssembly SIMD is missing. */
export function bestVariant(): KernelVariant | null {
  return kernelVariants.find(supportsVariant) ?? null;
}

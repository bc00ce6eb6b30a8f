import { readFile, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import {
  kernelBuilds,
  kernelDirectory,
  kernelFileName,
  supportsVariant,
} from '../../src-main/engine/kernels/variants.ts';

it('kernels that are up to date are not compiled again, by two callers at once either', async () => {
  const { files } = await buildKernels();
  const writtenAt = () => Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  const before = await writtenAt();
  const again = await Promise.all([buildKernels(), buildKernels()]);
  expect(again.map(({ built }) => built)).toEqual([false, false]);
  expect(await writtenAt()).toEqual(before);
});

it('every build is a valid module without data or memory of its own', async () => {
  await buildKernels();
  for (const { variant, threaded } of kernelBuilds.filter((build) => supportsVariant(build.variant))) {
    const bytes = await readFile(new URL(kernelFileName(variant, threaded), kernelDirectory));
    const sections = [];
    let offset = 8;
    while (offset < bytes.length) {
      sections.push(bytes[offset++]);
      let size = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[offset++];
        size += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80) break;
      }
      offset += size;
    }
    expect(WebAssembly.validate(new Uint8Array(bytes))).toBe(true);
    // Sections 5 and 11 would define a memory and write constants into it, over the tensors.
    expect(sections).not.toContain(5);
    expect(sections).not.toContain(11);
  }
});

/** Compiles the kernels of `assembly/` to `out/kernels/<variant>.wasm`; run it directly to build. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelBuilds, kernelDirectory, kernelFileName, type KernelVariant } from './variants.ts';

const sourceDirectory = fileURLToPath(new URL('assembly/', import.meta.url));
const manifestName = 'kernels.json';

const sharedFlags = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
  '--noExportMemory',
  '--enable',
  'simd',
  '--disableWarning',
  '112',
];

const variantFlags: Record<KernelVariant, string[]> = {
  wide: ['--enable', 'relaxed-simd', '--use', 'WIDE=1'],
  relaxed: ['--enable', 'relaxed-simd', '--use', 'WIDE=0'],
  plain: ['--use', 'WIDE=0'],
};

/** A module and its memory must agree on being shared and on the maximum, here all of 4 GB. */
const threadFlags = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];

/**
 * Compiles every variant when the sources, the compiler or its flags differ from the last build.
 *
 * Returns whether anything was compiled, and the absolute paths of the files. Safe to run from several
 * processes at once: each compiles into its own folder and renames the finished files into place.
 * Throws the compiler's diagnostics when a source does not compile.
 */
export async function buildKernels(
  options: { force?: boolean } = {},
): Promise<{ built: boolean; files: string[] }> {
  const directory = fileURLToPath(kernelDirectory);
  const files = kernelBuilds.map(({ variant, threaded }) =>
    path.join(directory, kernelFileName(variant, threaded)),
  );
  const manifestFile = path.join(directory, manifestName);
  const hash = await sourceHash();
  if (!options.force && (await isCurrent(manifestFile, hash, files))) return { built: false, files };

  const { default: compiler } = await import('assemblyscript/asc');
  await mkdir(directory, { recursive: true });
  const temporary = await mkdtemp(path.join(directory, '.build-'));
  try {
    for (const { variant, threaded } of kernelBuilds) {
      const target = path.join(temporary, kernelFileName(variant, threaded));
      const entry = path.join(sourceDirectory, threaded ? 'threaded.ts' : 'index.ts');
      const { error, stderr } = await compiler.main([
        path.relative(process.cwd(), entry),
        '--outFile',
        path.relative(process.cwd(), target),
        ...sharedFlags,
        ...variantFlags[variant],
        ...(threaded ? threadFlags : []),
      ]);
      if (error) throw new Error(`The ${variant} kernels do not compile.\n${stderr.toString()}`);
    }
    for (const file of files) await rename(path.join(temporary, path.basename(file)), file);
    const manifest = path.join(temporary, manifestName);
    await writeFile(manifest, JSON.stringify({ hash }));
    await rename(manifest, manifestFile);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { built: true, files };
}

async function sourceHash(): Promise<string> {
  const compilerPackage = createRequire(import.meta.url).resolve('assemblyscript/package.json');
  const hash = createHash('sha256');
  hash.update(await readFile(compilerPackage));
  hash.update(JSON.stringify([sharedFlags, variantFlags, threadFlags]));
  const names = (await readdir(sourceDirectory)).filter((name) => name.endsWith('.ts')).sort();
  for (const name of names) {
    hash.update(`\0${name}\0`);
    hash.update(await readFile(path.join(sourceDirectory, name)));
  }
  return hash.digest('hex');
}

async function isCurrent(manifestFile: string, hash: string, files: string[]): Promise<boolean> {
  try {
    const manifest: unknown = JSON.parse(await readFile(manifestFile, 'utf8'));
    await Promise.all(files.map((file) => stat(file)));
    return typeof manifest === 'object' && manifest !== null && 'hash' in manifest && manifest.hash === hash;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { built, files } = await buildKernels({ force: process.argv.includes('--force') });
  const state = built ? 'Compiled' : 'Up to date:';
  console.log(`${state} ${files.map((file) => path.relative(process.cwd(), file)).join(', ')}`);
}

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { findNodeRuntime, projectFolder } from '../workspace/node-runtime.mjs';

/** What is built from sources; everything else runs as it is. */
export type BuildPart = 'kernels' | 'renderer' | 'desktop';

interface Recipe {
  readonly title: string;
  /** Files and folders whose content decides whether the output is stale. */
  readonly inputs: readonly string[];
  /** One file without which the output counts as missing. */
  readonly outputs: readonly string[];
  /** A script for Node and its arguments. */
  readonly command: readonly string[];
}

const recipes: Readonly<Record<BuildPart, Recipe>> = {
  kernels: {
    title: 'the training kernels',
    inputs: ['package-lock.json', 'src-main/engine/kernels'],
    outputs: ['out/kernels/relaxed.wasm', 'out/kernels/plain.wasm'],
    command: ['src-main/engine/kernels/build.ts', '--force'],
  },
  renderer: {
    title: 'the page',
    inputs: ['package-lock.json', 'src-renderer', 'src-main/contract'],
    outputs: ['out/renderer/index.html'],
    command: ['node_modules/vite/bin/vite.js', 'build', '--config', 'src-renderer/vite.config.ts'],
  },
  desktop: {
    title: 'the desktop window',
    inputs: [
      'package-lock.json',
      'electron.vite.config.ts',
      ...['contract', 'imaging', 'router', 'shell', 'store', 'studio', 'workspace'].map(
        (room) => `src-main/${room}`,
      ),
    ],
    outputs: ['out/main/shell.js', 'out/preload/preload.cjs'],
    command: ['node_modules/electron-vite/bin/electron-vite.js', 'build'],
  },
};

/** A part that does not build; the message holds the tool's own output. */
export class BuildError extends Error {}

const lockPollMs = 100;
/** A lock that nobody signed for so long is from a process that ended while making it. */
const unsignedLockMs = 5000;

/** SHA-256 over names and contents of everything below `inputs`, and the Node that builds. */
async function hashInputs(inputs: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  const files: string[] = [];
  for (const input of inputs) {
    const path = join(projectFolder, input);
    const below = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null);
    if (below === null) files.push(path);
    else files.push(...below.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name)));
  }
  for (const file of files.sort()) {
    hash.update(`\0${file.slice(projectFolder.length)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
}

const isAlive = (processId: number): boolean => {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** Runs `work` while no other process builds the same part; a lock whose process is gone is taken over. */
async function alone<Value>(lockFile: string, work: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      const handle = await open(lockFile, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const holder = Number(await readFile(lockFile, 'utf8').catch(() => '0'));
      const since = await stat(lockFile).then(
        (found) => found.mtimeMs,
        () => Date.now(),
      );
      const left = holder > 0 ? !isAlive(holder) : Date.now() - since > unsignedLockMs;
      if (left) await rm(lockFile, { force: true });
      else await pause(lockPollMs);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lockFile, { force: true });
  }
}

function run(command: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(findNodeRuntime(), command, {
      cwd: projectFolder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production' },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(stripVTControlCharacters(output).trim())),
    );
  });
}

/**
 * Builds each of `parts` whose inputs changed since it was last built. Says one line on stderr for what it
 * builds and nothing otherwise. Several processes may call it at once: one builds, the others wait.
 *
 * @throws BuildError with the tool's own output when a part cannot be built
 */
export async function buildIfStale(parts: readonly BuildPart[]): Promise<void> {
  await mkdir(join(projectFolder, 'out'), { recursive: true });
  for (const part of parts) {
    const { title, inputs, outputs, command } = recipes[part];
    const stamp = join(projectFolder, 'out', `${part}.inputs`);
    const hash = await hashInputs(inputs);
    const isCurrent = async () =>
      outputs.every((output) => existsSync(join(projectFolder, output))) &&
      (await readFile(stamp, 'utf8').catch(() => '')) === hash;
    if (await isCurrent()) continue;
    await alone(join(projectFolder, 'out', `${part}.lock`), async () => {
      if (await isCurrent()) return;
      console.error(`Building ${title} …`);
      await rm(stamp, { force: true });
      await run(command).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new BuildError(`Building ${title} failed.\n${why}`);
      });
      await writeFile(stamp, hash);
    });
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    await buildIfStale(['kernels', 'renderer', 'desktop']);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

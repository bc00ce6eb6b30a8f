import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { StudioError } from '../contract/errors.ts';
import { newId, requireDiskSpace } from '../workspace/files.ts';
import { findNodeRuntime, projectFolder } from '../workspace/node-runtime.mjs';

const packageName = '@tensorflow/tfjs-node-gpu';
/** What the package was made for (its scripts/deps-constants.js). */
const libraryVersion = '2.9.1';
const host = 'https://storage.googleapis.com/tensorflow/libtensorflow/';
/** libtensorflow for CUDA, packed and unpacked. */
const diskBytes = 1_500_000_000;
/** A connection that brings nothing for so long is dead. */
const stalledMs = 30_000;

export interface TensorflowInstall {
  /** Address or path of a libtensorflow archive; the package's own source without it. */
  readonly library?: string;
  /** Which the archive must have. */
  readonly sha256?: string;
  /** Goes on although the driver, CUDA or cuDNN was not found. */
  readonly unchecked?: boolean;
  readonly signal: AbortSignal;
  say(line: string): void;
  /** Bytes so far, and in all where that is known. */
  progress(receivedBytes: number, totalBytes: number | null): void;
}

/** The folder of the package, which npm installs without its library. */
export function tensorflowFolder(): string {
  try {
    const require = createRequire(join(projectFolder, 'package.json'));
    return dirname(require.resolve(`${packageName}/package.json`));
  } catch (error) {
    throw failed(
      'package-missing',
      `The package ${packageName} is not installed. Run “npm ci” without --omit=optional first.`,
      {},
      error,
    );
  }
}

/**
 * Checks the machine, fetches libtensorflow, and has the package's own install script build its addon on it.
 * What was there before is gone afterwards; what fails half-way leaves nothing.
 *
 * @throws StudioError `backend-install-failed` with the reason, `disk-full`; the signal's reason
 */
export async function installTensorflow(
  options: TensorflowInstall,
  folder = tensorflowFolder(),
): Promise<void> {
  const missing = missingForCuda();
  if (missing !== null && !options.unchecked) {
    throw failed(
      missing.reason,
      `${missing.message} Install it first, or add --unchecked to go on without (TensorFlow then runs on the processor).`,
    );
  }
  const temporary = join(tmpdir(), newId('libtensorflow'));
  await mkdir(temporary, { recursive: true });
  // The install script writes into its own manifest, and leaves it so when it fails.
  const manifest = join(folder, 'package.json');
  const manifestText = await readFile(manifest);
  try {
    const archive = await obtainArchive(options, temporary);
    await verifyArchive(archive, options);
    await uninstallTensorflow(folder);
    options.say('Building the addon on it …');
    await buildAddon(archive, options);
    if (!(await hasAddon(folder))) {
      throw failed('addon-missing', 'The install script of the package ended well, but left no addon.');
    }
  } catch (error) {
    await uninstallTensorflow(folder);
    throw error;
  } finally {
    await writeFile(manifest, manifestText);
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes the library and the addon; the package is then as npm installed it. */
export async function uninstallTensorflow(folder = tensorflowFolder()): Promise<boolean> {
  const names = await readdir(folder);
  const parts = names
    .filter((name) => /^(deps|lib|build|build-tmp.*)$/.test(name))
    .map((name) => join(folder, name));
  for (const part of parts) await rm(part, { recursive: true, force: true });
  return parts.length > 0;
}

async function hasAddon(folder: string): Promise<boolean> {
  const versions = await readdir(join(folder, 'lib')).catch(() => []);
  return versions.some((version) => existsSync(join(folder, 'lib', version, 'tfjs_binding.node')));
}

/** Where the package's own script fetches libtensorflow from, by its rules and its variables. */
function defaultAddress(): string {
  const systems: Record<string, string> = {
    'linux-x64': `gpu-linux-x86_64-${libraryVersion}.tar.gz`,
    'win32-x64': `gpu-windows-x86_64-${libraryVersion}.zip`,
  };
  const file = systems[`${platform()}-${arch()}`];
  if (file === undefined) {
    throw failed(
      'no-library-for-system',
      `There is no libtensorflow with CUDA for ${platform()}-${arch()}. Use the webgpu backend instead.`,
      { platform: `${platform()}-${arch()}` },
    );
  }
  const storage = process.env['TFJS_NODE_CDN_STORAGE'];
  const base =
    process.env['TFJS_NODE_BASE_URI'] ??
    `${storage === undefined ? host : `${storage}tensorflow/libtensorflow/`}libtensorflow-`;
  return `${base}${file}`;
}

/** A local path as it is; an address fetched into `folder`. */
async function obtainArchive(options: TensorflowInstall, folder: string): Promise<string> {
  const { library = defaultAddress() } = options;
  if (!/^https?:\/\//.test(library)) {
    if (existsSync(library)) return library;
    throw failed(
      'library-missing',
      `There is no file “${library}”. Give the path of a libtensorflow archive.`,
      {
        path: library,
      },
    );
  }
  const target = join(folder, library.endsWith('.zip') ? 'libtensorflow.zip' : 'libtensorflow.tar.gz');
  await requireDiskSpace(folder, diskBytes);
  options.say(`Fetching ${library} …`);
  await download(library, target, options);
  return target;
}

async function download(address: string, target: string, options: TensorflowInstall): Promise<void> {
  const stalled = new AbortController();
  const watchdog = setTimeout(() => stalled.abort(new Error('the connection stood still')), stalledMs);
  const signal = AbortSignal.any([options.signal, stalled.signal]);
  let receivedBytes = 0;
  try {
    const answer = await fetch(address, { signal });
    if (!answer.ok || !answer.body) throw new Error(`the server answered ${answer.status}`);
    const length = answer.headers.get('content-length');
    const totalBytes = length === null ? null : Number(length);
    const counting = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        receivedBytes += chunk.length;
        watchdog.refresh();
        options.progress(receivedBytes, totalBytes);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), counting, createWriteStream(target), {
      signal,
    });
    if (totalBytes !== null && receivedBytes !== totalBytes) {
      throw new Error(`${receivedBytes} of ${totalBytes} bytes arrived`);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw failed(
      'download-failed',
      `${address} could not be fetched (${message}). Try again later, or fetch libtensorflow ${libraryVersion} for GPU yourself and give its path with --library.`,
      { address, message },
      error,
    );
  } finally {
    clearTimeout(watchdog);
  }
}

async function verifyArchive(archive: string, { sha256, say }: TensorflowInstall): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(archive)) hash.update(chunk as Buffer);
  const found = hash.digest('hex');
  const { size } = await stat(archive);
  if (sha256 !== undefined && found !== sha256.toLowerCase()) {
    throw failed(
      'wrong-checksum',
      `The archive is another one than you named: its SHA-256 is ${found}. Nothing was installed.`,
      { found, expected: sha256 },
    );
  }
  say(`${(size / 1e6).toFixed(0)} MB, SHA-256 ${found}`);
}

/**
 * Runs the package's install script as npm would run it, which brings node-gyp with it. The script fetches the
 * library itself, so it gets the archive that is already here from a server on the loopback.
 */
async function buildAddon(archive: string, { signal }: TensorflowInstall): Promise<void> {
  const server = await serveFile(archive);
  try {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const local = `http://127.0.0.1:${port}/`;
    const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy, ...environment } = process.env;
    const proxy = HTTPS_PROXY ?? https_proxy ?? HTTP_PROXY ?? http_proxy;
    const arguments_ = ['rebuild', packageName, '--ignore-scripts=false', '--foreground-scripts'];
    const child = spawn('npm', arguments_, {
      cwd: projectFolder,
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      env: {
        ...environment,
        // The script's own client would ask the proxy for the loopback too; npm's reads this instead.
        ...(proxy === undefined ? {} : { npm_config_proxy: proxy, npm_config_https_proxy: proxy }),
        PATH: `${dirname(findNodeRuntime())}${delimiter}${process.env['PATH'] ?? ''}`,
        TFJS_NODE_CDN_STORAGE: local,
        TFJS_NODE_BASE_URI: `${local}libtensorflow-`,
      },
    });
    let output = '';
    const keep = (chunk: Buffer) => void (output = (output + chunk.toString()).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code === 0) return;
    const lines = output.split('\n').map((line) => line.trim());
    const message =
      lines.find((line) => /error|not found/i.test(line) && !/^(gyp|node-pre-gyp|npm) /.test(line)) ??
      lines.findLast((line) => line !== '') ??
      '';
    throw failed(
      'build-failed',
      `The package's install script failed: ${message}. It needs either its prebuilt addon from the network, or Python, make and a C++ compiler.`,
      { message },
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Answers every path with one file. */
async function serveFile(file: string): Promise<Server> {
  const { size } = await stat(file);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

const libraryFolders = [
  '/usr/lib',
  '/usr/lib64',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/local/lib',
  '/usr/local/cuda/lib64',
  '/usr/local/cuda-11.2/lib64',
  '/usr/lib/wsl/lib',
];

/** The first thing that TensorFlow on CUDA needs and this machine lacks; null when everything is there. */
function missingForCuda(): { reason: string; message: string } | null {
  const windows = process.platform === 'win32';
  const variable = process.env[windows ? 'PATH' : 'LD_LIBRARY_PATH'] ?? '';
  const folders = [...variable.split(delimiter).filter(Boolean), ...(windows ? [] : libraryFolders)];
  const has = (name: string) => folders.some((folder) => existsSync(join(folder, name)));
  if (!has(windows ? 'nvcuda.dll' : 'libcuda.so.1')) {
    return { reason: 'nvidia-driver-missing', message: 'No NVIDIA driver was found (libcuda).' };
  }
  if (!has(windows ? 'cudart64_110.dll' : 'libcudart.so.11.0')) {
    return { reason: 'cuda-missing', message: 'CUDA 11 was not found (libcudart.so.11.0).' };
  }
  if (!has(windows ? 'cudnn64_8.dll' : 'libcudnn.so.8')) {
    return { reason: 'cudnn-missing', message: 'cuDNN 8 was not found (libcudnn.so.8).' };
  }
  return null;
}

function failed(
  reason: string,
  message: string,
  details: Record<string, string> = {},
  cause?: unknown,
): StudioError {
  return new StudioError(
    'backend-install-failed',
    message,
    { backend: 'tensorflow', reason, ...details },
    cause,
  );
}

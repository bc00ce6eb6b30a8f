import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { findNodeRuntime, projectFolder } from '../workspace/node-runtime.mjs';

const electronFolder = join(projectFolder, 'node_modules', 'electron');
/** What the last attempt to reach the download found, so that the next start need not wait for it again. */
const ownMemoryFile = join(projectFolder, 'out', 'desktop-runtime.json');
const rememberMs = 24 * 60 * 60 * 1000;
const probeMs = 4000;
/** An installer that neither receives nor unpacks for so long has lost its connection. */
const stalledMs = 60_000;
const progressEveryMs = 2000;

/** The Electron binary, or null while its runtime has not been fetched. Same test as Electron's own installer. */
export function installedRuntime(): string | null {
  try {
    const { version } = readManifest();
    const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(electronFolder, 'dist');
    if (readFileSync(join(dist, 'version'), 'utf8').trim().replace(/^v/, '') !== version) return null;
    const binary = join(dist, readFileSync(join(electronFolder, 'path.txt'), 'utf8'));
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

function readManifest(): { version: string } {
  const manifest: unknown = JSON.parse(readFileSync(join(electronFolder, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return { version: String(manifest.version) };
  }
  throw new Error('The electron package has no version.');
}

/** Where Electron's package fetches the runtime from, by the rules of `@electron/get` and its mirrors. */
export function runtimeAddress(): string {
  const { version } = readManifest();
  const mirror =
    process.env['npm_config_electron_mirror'] ??
    process.env['ELECTRON_MIRROR'] ??
    'https://github.com/electron/electron/releases/download/';
  const folder =
    process.env['npm_config_electron_custom_dir'] ?? process.env['ELECTRON_CUSTOM_DIR'] ?? `v${version}`;
  const file = `electron-v${version}-${process.platform}-${process.arch}.zip`;
  return `${mirror}${folder.replace('{{ version }}', version)}/${file}`;
}

/** Whether an earlier fetch, of this or another project, left the archive in Electron's cache. */
function isCached(address: string): boolean {
  const roots = {
    linux: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    darwin: join(homedir(), 'Library', 'Caches'),
    win32: process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'),
  };
  const system = process.platform === 'darwin' || process.platform === 'win32' ? process.platform : 'linux';
  const cache = process.platform === 'win32' ? join('electron', 'Cache') : 'electron';
  const root = process.env['electron_config_cache'] ?? join(roots[system], cache);
  const url = new URL(address);
  const file = posix.basename(url.pathname);
  url.pathname = posix.dirname(url.pathname);
  url.search = '';
  url.hash = '';
  return existsSync(join(root, createHash('sha256').update(url.toString()).digest('hex'), file));
}

/** Whether the archive answers within four seconds. */
export async function isReachable(address: string, timeoutMs = probeMs): Promise<boolean> {
  try {
    const answer = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(timeoutMs) });
    return answer.ok;
  } catch {
    return false;
  }
}

async function remembersUnreachable(memoryFile: string, now: number): Promise<boolean> {
  try {
    const memory: unknown = JSON.parse(await readFile(memoryFile, 'utf8'));
    if (typeof memory !== 'object' || memory === null) return false;
    if (!('unreachableAt' in memory) || typeof memory.unreachableAt !== 'number') return false;
    return (
      'address' in memory && memory.address === runtimeAddress() && now - memory.unreachableAt < rememberMs
    );
  } catch {
    return false;
  }
}

async function rememberUnreachable(memoryFile: string): Promise<void> {
  await mkdir(dirname(memoryFile), { recursive: true });
  await writeFile(memoryFile, JSON.stringify({ unreachableAt: Date.now(), address: runtimeAddress() }));
}

/** Looks once more without anyone waiting for it, and forgets an earlier failure if the network has come back. */
export async function reconsiderLater(memoryFile = ownMemoryFile): Promise<void> {
  if (await isReachable(runtimeAddress())) await rm(memoryFile, { force: true });
}

/** Whether a window could be shown, and if not, why, as the end of a sentence. */
export function missingForWindow(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  userId: number | undefined,
): string | null {
  if (platform !== 'linux') return null;
  if (!environment['DISPLAY'] && !environment['WAYLAND_DISPLAY']) return 'there is no display';
  // Chromium's sandbox does not work for root, and the window is never opened without it.
  if (userId === 0) return 'a sandboxed window cannot be opened as root';
  return null;
}

export type RuntimeAnswer = { binary: string } | { missing: string };

/**
 * The Electron binary, fetched now if it is not there and its host answers. The answer whether to fetch comes
 * within four seconds, and is remembered for a day when it is no; the fetch itself shows its progress.
 *
 * @param onChild told about the installer, so that it can be ended with everything else
 */
export async function obtainRuntime(
  say: (line: string) => void,
  onChild: (child: ChildProcess) => void,
  memoryFile = ownMemoryFile,
): Promise<RuntimeAnswer> {
  const installed = installedRuntime();
  if (installed) return { binary: installed };
  const address = runtimeAddress();
  if (!isCached(address)) {
    const { host } = new URL(address);
    const missing = `the window's runtime (Electron) is not installed and ${host} does not answer`;
    if (await remembersUnreachable(memoryFile, Date.now())) return { missing };
    if (!(await isReachable(address))) {
      await rememberUnreachable(memoryFile);
      return { missing };
    }
  }
  say(`Fetching the window's runtime (Electron, about 120 MB, once) from ${new URL(address).host} …`);
  const failure = await install(address, say, onChild);
  const binary = installedRuntime();
  if (binary) {
    await rm(memoryFile, { force: true });
    return { binary };
  }
  await rememberUnreachable(memoryFile);
  return {
    missing: `the window's runtime (Electron) could not be fetched (${failure ?? 'it is incomplete'})`,
  };
}

/**
 * Runs the installer of Electron's package, which checks the archive against the checksums it carries. It is
 * silent for its first half minute, so the size of what has arrived is read off its temporary folder.
 *
 * @returns null when it ended well, else why not
 */
async function install(
  address: string,
  say: (line: string) => void,
  onChild: (child: ChildProcess) => void,
): Promise<string | null> {
  const temporary = join(projectFolder, 'out', 'electron-download');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  const totalBytes = await archiveBytes(address);
  const child = spawn(findNodeRuntime(), [join(electronFolder, 'install.js')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      ELECTRON_GET_NO_PROGRESS: '1',
      TMPDIR: temporary,
      TEMP: temporary,
      TMP: temporary,
    },
  });
  onChild(child);
  let failure = '';
  child.stderr.on('data', (chunk: Buffer) => (failure ||= chunk.toString().split('\n')[0] ?? ''));
  let receivedBytes = 0;
  let grewAt = Date.now();
  const watching = setInterval(() => {
    void folderBytes(temporary).then((bytes) => {
      if (bytes !== receivedBytes) {
        grewAt = Date.now();
        if (bytes > receivedBytes)
          say(`  ${megabytes(bytes)}${totalBytes ? ` of ${megabytes(totalBytes)}` : ''} MB`);
        receivedBytes = bytes;
      } else if (Date.now() - grewAt > stalledMs) {
        failure = 'the download stood still';
        child.kill();
      }
    });
  }, progressEveryMs);
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', resolve);
  });
  clearInterval(watching);
  await rm(temporary, { recursive: true, force: true });
  return code === 0 ? null : failure || `its installer ended with code ${code}`;
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

async function archiveBytes(address: string): Promise<number> {
  try {
    const answer = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(probeMs) });
    return Number(answer.headers.get('content-length') ?? 0);
  } catch {
    return 0;
  }
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        (found) => found.size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

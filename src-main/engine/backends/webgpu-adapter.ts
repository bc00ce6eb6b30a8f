import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type * as Dawn from 'webgpu';
import { StudioError } from '../../contract/errors.ts';
import { isLoadable } from './system-library.ts';
import { watchGpuEvents, type WaitUntil } from './gpu-events.ts';

export interface ChosenAdapter {
  readonly adapter: GPUAdapter;
  /** The names of all of them, as `adapter` in the preferences takes them. */
  readonly names: string[];
  /** Graphics that the processor imitates, such as SwiftShader or llvmpipe. */
  readonly software: boolean;
  readonly waitUntil: WaitUntil;
}

/**
 * Loads Dawn, puts it behind `navigator.gpu` and asks it for an adapter. Once per process.
 *
 * @param name a part of the adapter's name; empty for the system's choice
 * @throws StudioError `backend-unavailable`, whose `reason` names what is missing
 */
export async function chooseAdapter(name: string): Promise<ChosenAdapter> {
  const waitUntil = watchGpuEvents();
  const dawn = await loadDawn();
  Object.assign(globalThis, dawn.globals);
  const names = await adapterNames(dawn);
  const wanted = name === '' ? undefined : names.find((known) => known.includes(name));
  if (name !== '' && names.length > 0 && wanted === undefined) {
    throw unavailable(
      'adapter-unknown',
      `There is no graphics adapter “${name}”. There are: ${names.join(', ')}. Pin one of these.`,
      { name, known: names.join(', ') },
    );
  }
  const gpu = dawn.create(wanted === undefined ? [] : [`adapter=${wanted}`]);
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw await explainNoAdapter();
  return { adapter, names, software: isSoftware(adapter.info), waitUntil };
}

async function loadDawn(): Promise<typeof Dawn> {
  try {
    return await import('webgpu');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    const message = error instanceof Error ? error.message : String(error);
    if (code === 'ERR_MODULE_NOT_FOUND') {
      throw unavailable(
        'webgpu-missing',
        'The “webgpu” package is not installed. Run “npm ci” without --omit=optional.',
      );
    }
    throw unavailable(
      'webgpu-broken',
      `The “webgpu” package does not load on this system (${message.split('\n')[0]}). Use another backend.`,
      { message: message.split('\n')[0]! },
    );
  }
}

/** Dawn lists its adapters only where it is asked for one that is not there. */
async function adapterNames({ create }: typeof Dawn): Promise<string[]> {
  try {
    await create(['adapter=?']).requestAdapter();
    return [];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [...new Set([...text.matchAll(/name: '([^']+)'/g)].map(([, name]) => name!))];
  }
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i;

function isSoftware(info: GPUAdapterInfo): boolean {
  return (
    info.isFallbackAdapter || softwareNames.test(`${info.architecture} ${info.device} ${info.description}`)
  );
}

/** Why there is no adapter: whether the loader is there, and which drivers are registered with it. */
async function explainNoAdapter(): Promise<StudioError> {
  if (process.platform !== 'linux') {
    return unavailable(
      'no-adapter',
      'No graphics device that WebGPU can use was found. Install the newest driver of your graphics card.',
    );
  }
  if (!isLoadable('libvulkan.so.1')) {
    return unavailable(
      'vulkan-loader-missing',
      'The Vulkan loader is missing. Install it (Debian and Ubuntu: libvulkan1; Fedora: vulkan-loader).',
    );
  }
  const drivers = await vulkanDrivers();
  if (drivers.length > 0) {
    return unavailable(
      'vulkan-driver-refused',
      `Vulkan has a driver (${drivers.join(', ')}), but no device that WebGPU can use. Update the driver of your graphics card.`,
      { known: drivers.join(', ') },
    );
  }
  if (existsSync('/proc/driver/nvidia/version')) {
    return unavailable(
      'nvidia-vulkan-missing',
      'The NVIDIA driver is loaded, but its Vulkan part is missing. Install it (Debian: nvidia-vulkan-icd; Ubuntu: the libnvidia-gl package of your driver).',
    );
  }
  return unavailable(
    'vulkan-driver-missing',
    'No Vulkan driver is installed. Install the driver of your graphics card (AMD and Intel: mesa-vulkan-drivers; NVIDIA: the NVIDIA driver).',
  );
}

/** The names of the driver manifests that the Vulkan loader reads. */
async function vulkanDrivers(): Promise<string[]> {
  const named = process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'];
  if (named !== undefined) return named.split(path.delimiter).map((file) => path.basename(file));
  const folders = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
  const found = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
  return found.flat();
}

/**
 * The memory of an NVIDIA card as its driver's tool tells it; null for others, and where the tool is not there.
 *
 * @param description what the adapter calls itself
 */
export async function videoMemoryBytes(description: string): Promise<number | null> {
  if (!/nvidia|geforce|quadro|tesla|rtx/i.test(description)) return null;
  try {
    const query = ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'];
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: 5000 });
    const cards = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(', '));
    const card = cards.find(([name]) => description.includes(name!.replace(/^NVIDIA /, ''))) ?? cards[0];
    const mebibytes = Number(card?.[1]);
    return Number.isFinite(mebibytes) ? mebibytes * 2 ** 20 : null;
  } catch {
    return null;
  }
}

function unavailable(reason: string, message: string, details: Record<string, string> = {}): StudioError {
  return new StudioError('backend-unavailable', message, { backend: 'webgpu', reason, ...details });
}

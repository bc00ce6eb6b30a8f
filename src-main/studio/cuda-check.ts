import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

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
export function missingForCuda(): { reason: string; message: string } | null {
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

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArrayFile, ArraySource } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { describeArrays } from '../imaging/arrays.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { uploadedPath } from './dataset-import.ts';

/**
 * What an NPY or NPZ holds; of a folder, the one that lies in it.
 *
 * @throws StudioError `path-missing`, `not-found` for an unknown upload, `array-unusable`, `archive-corrupt`
 */
export async function describeArraySource(source: ArraySource, workspace: Workspace): Promise<ArrayFile> {
  const path = source.kind === 'path' ? source.path : await uploadedPath(source.uploadId, workspace);
  return describeArrays(await arrayFileAt(path));
}

async function arrayFileAt(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) return path;
    const files = (await readdir(path)).filter((name) => /\.(npy|npz)$/i.test(name));
    return files.length === 1 ? join(path, files[0]!) : path;
  } catch (thrown) {
    throw new StudioError(
      'path-missing',
      `“${path}” is not there or cannot be read. Check the path.`,
      { path },
      thrown,
    );
  }
}

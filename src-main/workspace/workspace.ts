import { existsSync } from 'node:fs';
import { access, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { exists, hashBytes, newId, syncFiles, toFileError, writeFileAtomic } from './files.ts';
import { lockWorkspace } from './lock.ts';

/** The folders of a workspace, and the one process that holds it. */
export interface Workspace {
  /** Absolute path. */
  readonly folder: string;
  readonly databaseFile: string;
  /** `originals/ab/abcdef….<extension>` */
  originalPath(sha256: string, extension: string): string;
  /** `datasets/<id>` and, below it, `v<n>`. */
  datasetFolder(datasetId: string): string;
  versionFolder(datasetId: string, version: number): string;
  runFolder(runId: string): string;
  /** `images/ab/abcdef….png` */
  imagePath(sha256: string): string;
  /** `inputs/ab/abcdef….png`: what pictures were repaired from, and the masks. */
  inputPath(sha256: string): string;
  /** A new folder for work in progress; swept at the next start. */
  newStaging(purpose: string): Promise<string>;
  readonly uploadsFolder: string;
  /** What can be made again: thumbnails. */
  readonly cacheFolder: string;
  /**
   * Stores bytes under their SHA-256, once; present files are left alone.
   *
   * @returns the lower-case hexadecimal hash
   */
  putOriginal(bytes: Uint8Array, extension: string): Promise<string>;
  /**
   * Moves a file of this disk to its place among the originals; where those bytes are there already, it is removed. It
   * is not made durable: that is for `syncOriginals`, once for many.
   */
  adoptOriginal(file: string, sha256: string, extension: string): Promise<void>;
  /** Makes originals that were adopted survive a power cut. */
  syncOriginals(
    originals: Iterable<{ sha256: string; extension: string }>,
    signal: AbortSignal,
  ): Promise<void>;
  putImage(png: Uint8Array): Promise<string>;
  putInput(png: Uint8Array): Promise<string>;
  /** Moves a file or folder into `trash/`, keeping its name; returns where it went, or null if it was gone. */
  moveToTrash(path: string): Promise<string | null>;
  close(): Promise<void>;
}

/**
 * Opens a workspace folder and locks it for this process; with `create`, makes it in a folder that exists.
 *
 * @throws StudioError `workspace-missing`, `workspace-read-only`, `workspace-in-use`
 */
export async function openWorkspace(path: string, options: { create: boolean }): Promise<Workspace> {
  const folder = resolve(path);
  // Making a whole chain of folders would turn a slip of the keyboard into a second, empty workspace.
  if (!existsSync(options.create ? dirname(folder) : folder)) {
    throw new StudioError(
      'workspace-missing',
      `There is no workspace at “${folder}”. Check the spelling; a new one is made only where its parent folder exists.`,
      { path: folder },
    );
  }
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.R_OK);
  } catch (error) {
    throw toFileError(error, folder);
  }
  const release = await lockWorkspace(folder);

  const put = async (target: string, bytes: Uint8Array) => {
    if (!(await exists(target))) await writeFileAtomic(target, bytes);
  };
  const contentPath = (kind: string, sha256: string, extension: string) =>
    join(folder, kind, sha256.slice(0, 2), `${sha256}.${extension}`);
  const stagingRoot = join(folder, 'staging');
  const uploadsFolder = join(folder, 'uploads');

  const workspace: Workspace = {
    folder,
    databaseFile: join(folder, 'studio.db'),
    uploadsFolder,
    cacheFolder: join(folder, 'cache'),
    originalPath: (sha256, extension) => contentPath('originals', sha256, extension),
    datasetFolder: (datasetId) => join(folder, 'datasets', datasetId),
    versionFolder: (datasetId, version) => join(folder, 'datasets', datasetId, `v${version}`),
    runFolder: (runId) => join(folder, 'runs', runId),
    imagePath: (sha256) => contentPath('images', sha256, 'png'),
    inputPath: (sha256) => contentPath('inputs', sha256, 'png'),
    async newStaging(purpose) {
      const staging = join(stagingRoot, newId(purpose));
      await mkdir(staging, { recursive: true });
      return staging;
    },
    async putOriginal(bytes, extension) {
      const sha256 = hashBytes(bytes);
      await put(contentPath('originals', sha256, extension), bytes);
      return sha256;
    },
    async adoptOriginal(file, sha256, extension) {
      const target = contentPath('originals', sha256, extension);
      try {
        if (await exists(target)) {
          await rm(file, { force: true });
          return;
        }
        await mkdir(dirname(target), { recursive: true });
        await rename(file, target);
      } catch (error) {
        throw toFileError(error, target);
      }
    },
    syncOriginals: (originals, signal) =>
      syncFiles(
        folder,
        function* () {
          for (const { sha256, extension } of originals) yield contentPath('originals', sha256, extension);
        },
        signal,
      ),
    async putImage(png) {
      const sha256 = hashBytes(png);
      await put(contentPath('images', sha256, 'png'), png);
      return sha256;
    },
    async putInput(png) {
      const sha256 = hashBytes(png);
      await put(contentPath('inputs', sha256, 'png'), png);
      return sha256;
    },
    async moveToTrash(path) {
      if (!(await exists(path))) return null;
      const target = join(folder, 'trash', `${newId('t')}-${basename(path)}`);
      await mkdir(dirname(target), { recursive: true });
      await rename(path, target);
      return target;
    },
    close: release,
  };

  // Whatever an earlier process left half-made is of no use to anyone. Children that outlive a killed process by a
  // moment may still write into it.
  for (const left of [stagingRoot, uploadsFolder]) {
    await rm(left, { recursive: true, force: true, maxRetries: 10 });
  }
  for (const name of await readdir(folder)) {
    if (name.endsWith('.partial')) await rm(join(folder, name), { force: true });
  }
  return workspace;
}

import type { ImportSource } from '../../src-main/contract/domain/sources.ts';
import type { NamedFile } from '../client/upload.ts';
import { filesOfDrop, nameOfFiles } from '../client/upload.ts';

/** What the user points at: something the studio can reach itself, or files that must be sent to it. */
export type ChosenSource = ImportSource | { kind: 'files'; files: readonly NamedFile[] };

/** Sources that can turn out to be a file of arrays. */
export type ArrayChoice = Extract<ChosenSource, { kind: 'path' | 'upload' | 'files' }>;
export const mayBeArray = (source: ChosenSource): source is ArrayChoice =>
  source.kind === 'path' || source.kind === 'upload' || source.kind === 'files';

/** Pictures that were pointed at, with a proposed name for the dataset. */
export interface NamedSource {
  readonly source: ChosenSource;
  readonly name: string;
}

/** A folder or file by its absolute path. */
export function sourceOfPath(path: string): NamedSource {
  const last = path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
  return { source: { kind: 'path', path }, name: last.replace(/(\.gz|\.[A-Za-z0-9]{1,5})+$/, '') || last };
}

/** Files that the browser hands over, to be sent to its host. */
export function sourceOfFiles(files: readonly NamedFile[]): NamedSource | null {
  return files.length === 0 ? null : { source: { kind: 'files', files }, name: nameOfFiles(files) };
}

/**
 * What was dropped on the window: its path in the desktop, its files in a browser; `one-at-a-time` where
 * several things were dropped that have only separate paths.
 */
export async function sourceOfDrop(dropped: DataTransfer): Promise<NamedSource | 'one-at-a-time' | null> {
  const desktop = window.imagoDesktop;
  if (!desktop) return sourceOfFiles(await filesOfDrop(dropped.items));
  const [first, second] = dropped.files;
  if (second) return 'one-at-a-time';
  const path = first && desktop.pathForFile(first);
  return path ? sourceOfPath(path) : null;
}

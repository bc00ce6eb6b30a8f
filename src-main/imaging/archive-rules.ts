import { StudioError } from '../contract/errors.ts';

/** What an archive may unpack to before it is refused. */
export interface ArchiveLimits {
  /** What all entries together may unpack to. */
  totalBytes: number;
  entries: number;
}

export const defaultArchiveLimits: ArchiveLimits = { totalBytes: 20 * 1024 ** 3, entries: 2_000_000 };

/** The archive is not what it should be, as a whole or at one entry. */
export const archiveCorrupt = (path: string, cause: unknown, entry = ''): StudioError =>
  new StudioError(
    'archive-corrupt',
    `The archive “${path}” is damaged${entry === '' ? '' : ` at “${entry}”`} (${cause instanceof Error ? cause.message : String(cause)}). Make or download it again.`,
    { path, ...(entry === '' ? {} : { entry }) },
    cause,
  );

/** An archive may be refused for a link whatever it points to: its target is judged by nobody. */
export const archiveLink = (path: string, entry: string): StudioError =>
  new StudioError(
    'archive-symlink',
    `The archive “${path}” holds a symbolic link, “${entry}”, and was refused as a whole. Make it again without links.`,
    { path, entry },
  );

/**
 * Refuses names that lead out of the archive's own folder.
 *
 * @param name with `/` between folders
 * @throws StudioError `archive-unsafe-path`
 */
export function requireSafeName(path: string, name: string): void {
  const isUnsafe =
    name === '' || name.includes('\0') || /^([/]|[A-Za-z]:)/.test(name) || name.split('/').includes('..');
  if (!isUnsafe) return;
  throw new StudioError(
    'archive-unsafe-path',
    `The archive “${path}” holds a file that would be unpacked outside its folder, “${name}”, and was refused as a whole.`,
    { path, entry: name },
  );
}

/**
 * Counts what an archive declares, entry by entry.
 *
 * @returns a function to be called with each entry's unpacked size; @throws StudioError `archive-too-large`
 */
export function archiveAllowance(path: string, limits: ArchiveLimits): (bytes: number) => void {
  let entries = 0;
  let unpackedBytes = 0;
  return (bytes) => {
    entries += 1;
    unpackedBytes += bytes;
    if (entries > limits.entries) throw archiveTooLarge(path, `${limits.entries} files`);
    if (unpackedBytes > limits.totalBytes) {
      throw archiveTooLarge(path, `${Math.round(limits.totalBytes / 1e6)} MB`);
    }
  };
}

export const archiveTooLarge = (path: string, what: string): StudioError =>
  new StudioError(
    'archive-too-large',
    `The archive “${path}” would unpack to more than ${what}, which is the limit. Unpack it yourself and choose the folder.`,
    { path, limit: what },
  );

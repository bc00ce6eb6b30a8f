import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path/posix';
import { StudioError } from '../contract/errors.ts';
import { cifarNotes } from './cifar.ts';
import { hasPictureName } from './picture-format.ts';
import { idxRole } from './idx.ts';
import type { OpenedSource } from './source-picture.ts';

/** A file of an archive, told by its name alone. */
interface PackedFile {
  name: string;
  bytes: number;
}

const isContainer = (name: string): boolean =>
  /\.(bin|npy|npz|parquet)$/i.test(name) || idxRole(name) !== null;

/**
 * The members of an archive that holds no pictures but containers of them, as sets are published (CIFAR as
 * `cifar-10-binary.tar.gz`): the containers, and the names of their classes.
 *
 * @returns null for any other archive
 */
export function packedContainers(files: readonly PackedFile[]): ReadonlySet<string> | null {
  const containers = files.filter(({ name }) => isContainer(name));
  if (containers.length === 0 || files.some(({ name }) => hasPictureName(name))) return null;
  const notes = files.filter(({ name }) => cifarNotes.test(basename(name)));
  return new Set([...containers, ...notes].map(({ name }) => name));
}

/**
 * Opens the containers of an archive from a folder that they are unpacked to; it is removed when the source is closed.
 *
 * @param names members, each a safe path
 * @param folder empty
 * @param unpack writes each member to the path it is given; the folder of that path is there
 * @param openFolder opens an unpacked folder
 */
export async function openUnpacked(
  archive: string,
  names: ReadonlySet<string>,
  folder: string,
  unpack: (pathOf: (name: string) => string | null) => Promise<void>,
  openFolder: (folder: string) => Promise<OpenedSource>,
): Promise<OpenedSource> {
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const name of names) await mkdir(join(folder, dirname(name)), { recursive: true });
    await unpack((name) => (names.has(name) ? join(folder, name) : null));
    const opened = await openFolder(join(folder, sharedFolder([...names].filter(isContainer))));
    return {
      ...opened,
      location: archive,
      close: async () => {
        await opened.close();
        await remove();
      },
    };
  } catch (thrown) {
    await remove();
    throw thrown instanceof StudioError ? ofArchive(thrown, folder, archive) : thrown;
  }
}

/** The same failure, told of the archive that a person chose instead of the folder that nobody knows. */
function ofArchive(failure: StudioError, folder: string, archive: string): StudioError {
  const told = (text: string) => (text.startsWith(folder) ? archive : text);
  const details = Object.entries(failure.details).map(([key, value]) => [
    key,
    typeof value === 'string' ? told(value) : value,
  ]);
  const quoted = failure.message.replace(/“([^”]*)”/g, (_quoted, text: string) => `“${told(text)}”`);
  return new StudioError(failure.code, quoted, Object.fromEntries(details), failure);
}

/** The deepest folder that all of the names lie in. */
function sharedFolder(names: readonly string[]): string {
  const folders = names.map((name) => dirname(name).split('/'));
  const first = folders[0] ?? [];
  let shared = 0;
  while (shared < first.length && folders.every((parts) => parts[shared] === first[shared])) shared += 1;
  return first.slice(0, shared).join('/');
}

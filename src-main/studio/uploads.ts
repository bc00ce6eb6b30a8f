import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StudioError } from '../contract/errors.ts';
import { freeDiskBytes, newId, toFileError } from '../workspace/files.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** The longest path of an uploaded file, in characters. */
const nameLimit = 1000;

/** Always kept free on the disk. */
const reserveBytes = 256 * 1024 * 1024;

const illegal = (name: string) =>
  new StudioError('input-invalid', `“${name.slice(0, 200)}” is no usable file name.`, {
    name: name.slice(0, 200),
  });

/** Files that the browser host receives, kept in a folder each until they are imported or the studio ends. */
export function createUploads({ workspace }: { workspace: Workspace }) {
  const folderOf = (id: string) => {
    if (!/^upload-[0-9a-z]{12}$/.test(id)) throw illegal(id);
    return join(workspace.uploadsFolder, id);
  };
  return {
    begin: (): string => newId('upload'),
    /**
     * Takes one file.
     *
     * @param name relative path with `/`; its folders become class labels on import
     * @returns its size in bytes
     * @throws StudioError `input-invalid`, `disk-full`
     */
    async add(id: string, name: string, content: Readable): Promise<number> {
      const parts = name.split('/');
      const usable =
        name.length > 0 &&
        name.length <= nameLimit &&
        parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\:]|\p{Cc}/u.test(part));
      if (!usable) throw illegal(name);
      const path = join(folderOf(id), ...parts);
      try {
        await mkdir(dirname(path), { recursive: true });
        if ((await freeDiskBytes(workspace.folder)) < reserveBytes) {
          throw new StudioError('disk-full', `The disk holding “${workspace.folder}” is nearly full.`, {
            path: workspace.folder,
          });
        }
      } catch (error) {
        throw toFileError(error, path);
      }
      // Each file under a name of its own first: a second one of the same name takes its place whole.
      const partial = `${path}.${newId('partial')}`;
      try {
        await pipeline(content, createWriteStream(partial, { flags: 'wx' }));
        await rename(partial, path);
        return (await stat(path)).size;
      } catch (error) {
        await rm(partial, { force: true });
        throw toFileError(error, path);
      }
    },
  };
}

import { StudioError } from '../contract/errors.ts';
import type { ArchiveLimits } from './archive-rules.ts';
import {
  isHidden,
  largestPictureBytes,
  mayDescribePictures,
  openCollection,
  tooLarge,
} from './collection.ts';
import { compareNames } from './name-order.ts';
import { isReachable, missing, pathFailure } from './folder-source.ts';
import { hasPictureName } from './picture-format.ts';
import { openUnpacked, packedContainers } from './packed-containers.ts';
import type { OpenedSource, ReaderContext } from './source-picture.ts';
import { openTar } from './tar.ts';
import { openZip } from './zip.ts';

const isVisible = ({ name }: { name: string }): boolean => !name.split('/').some(isHidden);

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** How an archive is opened that holds containers instead of pictures. */
export interface PackedOptions {
  limits?: ArchiveLimits | undefined;
  context: ReaderContext;
  openFolder: (folder: string) => Promise<OpenedSource>;
}

/**
 * The pictures of a ZIP, in natural order of their names; where it holds containers of pictures, those of the containers.
 *
 * @throws StudioError what `openZip` and `openCollection` throw
 */
export async function openZipSource(
  path: string,
  { limits, context, openFolder }: PackedOptions,
): Promise<OpenedSource> {
  let archive: Awaited<ReturnType<typeof openZip>>;
  try {
    archive = await openZip(path, limits);
  } catch (thrown) {
    throw pathFailure(path, thrown);
  }
  try {
    const files = archive.entries.filter(isVisible).sort((a, b) => compareNames(a.name, b.name));
    const entries = new Map(files.map((entry) => [entry.name, entry]));
    const packed = packedContainers(files);
    if (packed) {
      const unpack = async (pathOf: (name: string) => string | null) => {
        for (const [name, entry] of entries) {
          context.signal.throwIfAborted();
          const target = pathOf(name);
          if (target !== null) await entry.unpackTo(target);
        }
      };
      const opened = await openUnpacked(path, packed, await context.newFolder(), unpack, openFolder);
      archive.close();
      return opened;
    }
    return await openCollection(
      'zip',
      path,
      files.map(({ name, bytes }) => ({ name, bytes })),
      async function* ({ name }) {
        yield await entries.get(name)!.read();
      },
      function* (pictures) {
        for (const { name, bytes } of pictures) {
          const read = async () => {
            if (bytes > largestPictureBytes) throw tooLarge(name);
            try {
              return await entries.get(name)!.read();
            } catch (thrown) {
              if (!(await isReachable(path))) throw missing(path, thrown);
              throw thrown;
            }
          };
          yield { kind: 'file', bytes, read };
        }
      },
      { close: () => archive.close() },
    );
  } catch (thrown) {
    archive.close();
    throw thrown;
  }
}

/**
 * The pictures of a TAR or TAR.GZ, in the archive's own order, as it can only be read from its start. A name that comes
 * twice counts once, with the bytes that come first. Containers of pictures as of a ZIP.
 *
 * @throws StudioError what `openTar` and `openCollection` throw
 */
export async function openTarSource(
  path: string,
  { limits, context, openFolder }: PackedOptions,
): Promise<OpenedSource> {
  let archive: Awaited<ReturnType<typeof openTar>>;
  try {
    archive = await openTar(path, (entry) => isVisible(entry) && mayDescribePictures(entry), {
      ...(limits && { limits }),
      signal: context.signal,
    });
  } catch (thrown) {
    throw pathFailure(path, thrown);
  }
  const files = [
    ...new Map(
      archive.entries
        .filter(isVisible)
        .toReversed()
        .map((file) => [file.name, file]),
    ),
  ]
    .map(([, file]) => file)
    .toReversed();
  const packed = packedContainers(files);
  if (packed) {
    const unpack = (pathOf: (name: string) => string | null) => archive.unpack(pathOf, context.signal);
    return openUnpacked(path, packed, await context.newFolder(), unpack, openFolder);
  }
  return openCollection(
    'tar',
    path,
    files,
    ({ name }) => once(archive.texts.get(name) ?? Buffer.alloc(0)),
    async function* (pictures, readSignal) {
      const seen = new Set<string>();
      const isRead = ({ name, bytes }: { name: string; bytes: number }) => {
        if (bytes > largestPictureBytes || !hasPictureName(name) || !isVisible({ name }) || seen.has(name)) {
          return false;
        }
        seen.add(name);
        return true;
      };
      const contents = archive.read(isRead, readSignal);
      try {
        for (const { name, bytes } of pictures) {
          if (bytes > largestPictureBytes) {
            yield { kind: 'file', bytes, read: () => Promise.reject(tooLarge(name)) };
            continue;
          }
          const next = await contents.next();
          if (next.done || next.value.name !== name) throw changed(path);
          const { content } = next.value;
          yield { kind: 'file', bytes, read: () => Promise.resolve(content) };
        }
      } catch (thrown) {
        throw pathFailure(path, thrown);
      } finally {
        await contents.return(undefined);
      }
    },
  );
}

const changed = (path: string): StudioError =>
  new StudioError(
    'archive-corrupt',
    `The archive “${path}” was changed while it was read. Import it again when nothing writes to it.`,
    { path },
  );

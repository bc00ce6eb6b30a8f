import { access, constants, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Export, ExportPreview, ExportRequest } from '../contract/domain/exports.ts';
import type { Image } from '../contract/domain/images.ts';
import type { Job } from '../contract/domain/jobs.ts';
import { StudioError } from '../contract/errors.ts';
import { stripPngText } from '../imaging/pure/png-encode.ts';
import { openZip, writeZip } from '../imaging/zip.ts';
import type { Database } from '../store/database.ts';
import { exportQueries } from '../store/images.ts';
import { exists, hashBytes, hashFile, newId, requireDiskSpace, toFileError } from '../workspace/files.ts';
import { dataCard, manifestOf, metadataLine, type ExportedPicture } from './export-documents.ts';
import type { Gallery } from './gallery.ts';
import type { Jobs } from './jobs.ts';

export type Exports = ReturnType<typeof createExports>;

/** One file of an export: its name inside the set, and how to get its bytes. */
interface ExportFile {
  name: string;
  bytes: () => Promise<Uint8Array>;
}

const pictureName = (index: number, image: Image) =>
  `images/${String(index + 1).padStart(6, '0')}-seed-${image.seed}.png`;

/**
 * Refuses a target that would be written over.
 *
 * @throws StudioError `input-invalid`, `path-missing`, `export-target-not-empty`, `workspace-read-only`
 */
async function requireFreshTarget(path: string): Promise<void> {
  if (!isAbsolute(path)) {
    throw new StudioError('input-invalid', `“${path}” is not a full path. Name the folder from its root.`, {
      path,
    });
  }
  const parent = dirname(path);
  try {
    if (!(await stat(parent)).isDirectory()) throw new Error('not a folder');
  } catch (error) {
    throw new StudioError(
      'path-missing',
      `The folder “${parent}” does not exist. Make it, or export somewhere else.`,
      { path: parent },
      error,
    );
  }
  try {
    await access(parent, constants.W_OK);
  } catch (error) {
    throw toFileError(error, parent);
  }
  const found = await stat(path).catch(() => null);
  if (!found) return;
  if (found.isDirectory() && (await readdir(path)).length === 0) return;
  throw new StudioError(
    'export-target-not-empty',
    `“${path}” already holds something, and an export never writes over it. Choose a new name or an empty folder.`,
    { path },
  );
}

/** Image sets for others: pictures, metadata, a manifest and a data card, as a folder or a ZIP. */
export function createExports({
  database,
  jobs,
  gallery,
  version,
}: {
  database: Database;
  jobs: Jobs;
  gallery: Gallery;
  version: string;
}) {
  const queries = exportQueries(database);

  const selected = (request: ExportRequest): Image[] => {
    const images =
      request.selection.kind === 'ids'
        ? request.selection.imageIds.map((id) => gallery.get(id).image)
        : [...gallery.each(request.selection.filter)].reverse();
    if (images.length > 0) return images;
    throw new StudioError('input-invalid', 'The selection holds no pictures. Choose at least one.', {});
  };
  const pictureBytes = async (image: Image, embed: boolean): Promise<Uint8Array> => {
    const png = await gallery.read(image);
    return embed ? png : stripPngText(png);
  };
  const get = (id: string): Export => {
    const found = queries.get(id);
    if (found) return found;
    throw new StudioError('not-found', `There is no export “${id}”.`, { kind: 'export', id });
  };

  const writeFolder = async (
    staging: string,
    files: AsyncIterable<ExportFile> | Iterable<ExportFile>,
    written: () => void,
  ): Promise<Map<string, string>> => {
    const hashes = new Map<string, string>();
    await mkdir(join(staging, 'images'), { recursive: true });
    for await (const file of files) {
      const bytes = await file.bytes();
      await writeFile(join(staging, file.name), bytes, { flush: true });
      hashes.set(file.name, hashBytes(bytes));
      written();
    }
    return hashes;
  };

  return {
    list: queries.list,
    get,
    /** A path in the user's home that does not exist yet, named after what is exported. */
    async suggestPath(name: string, format: ExportRequest['format']): Promise<string> {
      const stem =
        name
          .replace(/[^\p{L}\p{N}]+/gu, '-')
          .replace(/^-+|-+$/g, '')
          .slice(0, 60) || 'export';
      const ending = format === 'zip' ? '.zip' : '';
      for (let copy = 1; ; copy++) {
        const path = join(homedir(), `${stem}${copy === 1 ? '' : `-${copy}`}${ending}`);
        if (!(await exists(path))) return path;
      }
    },
    preview(request: ExportRequest): ExportPreview {
      const images = selected(request);
      const name = basename(request.path) || 'export';
      return {
        images: images.length,
        bytes: images.reduce((sum, image) => sum + image.bytes, 0),
        tree: [
          request.format === 'zip' ? name : `${name}/`,
          'README.md',
          'manifest.json',
          'metadata.jsonl',
          'images/',
          ...images.slice(0, 4).map((image, index) => pictureName(index, image)),
        ],
        example: gallery.get(images[0].id).provenance,
      };
    },

    /**
     * Writes the set into a `.partial` sibling, reads every file back, and renames it into place.
     *
     * @throws StudioError `input-invalid`, `not-found`, `path-missing`, `export-target-not-empty`, `disk-full`
     */
    async start(request: ExportRequest): Promise<{ job: Job; finished: Promise<Export> }> {
      const images = selected(request);
      await requireFreshTarget(request.path);
      const parent = dirname(request.path);
      // Twice over for a ZIP would be wrong: it is written straight; a tenth is for the documents.
      await requireDiskSpace(parent, images.reduce((sum, { bytes }) => sum + bytes, 0) * 1.1);

      return jobs.start('export', basename(request.path), async (control) => {
        const id = newId('export');
        const partial = `${request.path}.partial`;
        control.progress(0, images.length);
        await rm(partial, { recursive: true, force: true });
        const pictures: ExportedPicture[] = [];
        let written = 0;
        const count = () => control.progress(Math.min(++written, images.length));

        async function* files(): AsyncGenerator<ExportFile> {
          for (const [index, image] of images.entries()) {
            control.signal.throwIfAborted();
            const bytes = await pictureBytes(image, request.embedProvenance);
            pictures.push({
              file: pictureName(index, image),
              sha256: hashBytes(bytes),
              bytes: bytes.length,
              image,
              provenance: gallery.get(image.id).provenance,
            });
            yield { name: pictureName(index, image), bytes: async () => bytes };
          }
          const text = (content: string) => async () => Buffer.from(content, 'utf8');
          yield { name: 'metadata.jsonl', bytes: text(pictures.map(metadataLine).join('')) };
          yield { name: 'manifest.json', bytes: text(manifestOf(pictures, version)) };
          yield { name: 'README.md', bytes: text(dataCard(pictures, basename(request.path), version)) };
        }

        try {
          let manifestSha256: string;
          let bytes: number;
          if (request.format === 'folder') {
            const hashes = await writeFolder(partial, files(), count);
            bytes = 0;
            for (const [name, expected] of hashes) {
              control.signal.throwIfAborted();
              const path = join(partial, name);
              requireSame(await hashFile(path), expected, path);
              bytes += (await stat(path)).size;
            }
            manifestSha256 = hashes.get('manifest.json')!;
            // An empty folder the user made beforehand gives way to the finished one.
            if (await stat(request.path).catch(() => null)) await rm(request.path, { recursive: true });
          } else {
            const hashes = new Map<string, string>();
            async function* entries() {
              for await (const file of files()) {
                const content = await file.bytes();
                hashes.set(file.name, hashBytes(content));
                yield { name: file.name, bytes: content };
                count();
              }
            }
            await writeZip(partial, entries());
            await requireSameInZip(partial, hashes, control.signal);
            manifestSha256 = hashes.get('manifest.json')!;
            bytes = (await stat(partial)).size;
          }
          await rename(partial, request.path);
          const row: Export = {
            id,
            path: request.path,
            format: request.format,
            images: images.length,
            bytes,
            manifestSha256,
            createdAt: Date.now(),
          };
          queries.insert(row, [...new Set(images.map((image) => image.id))]);
          control.result(id);
          return row;
        } catch (error) {
          await rm(partial, { recursive: true, force: true });
          throw toFileError(error, request.path);
        }
      });
    },
  };
}

async function requireSameInZip(path: string, hashes: Map<string, string>, signal: AbortSignal) {
  const zip = await openZip(path);
  try {
    const found = new Map(zip.entries.map((entry) => [entry.name, entry]));
    for (const [name, expected] of hashes) {
      signal.throwIfAborted();
      const entry = found.get(name);
      requireSame(entry ? hashBytes(await entry.read()) : '', expected, `${path}/${name}`);
    }
  } finally {
    zip.close();
  }
}

function requireSame(found: string, expected: string, path: string): void {
  if (found === expected) return;
  throw new StudioError(
    'export-verification-failed',
    `“${path}” read back differently from what was written. Check the disk, then export again; nothing was left at the target.`,
    { path },
  );
}

import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import type { ContainerFormat } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { missing, pathFailure } from './folder-source.ts';
import { idxCorrupt, idxShape, isGzip, parseIdx, readIdxPictures } from './idx.ts';
import type { OpenContainer, OpenedSource } from './source-picture.ts';

const longestHeaderBytes = 4 + 4 * 255;
const extensionOf = (head: Uint8Array) => (isGzip(head) ? 'idx.gz' : 'idx');

/** The first bytes and the unpacked size of a file, without holding more of it. */
async function unpackedFacts(path: string): Promise<{ head: Buffer; bytes: number; extension: string }> {
  const handle = await open(path);
  let head: Buffer;
  try {
    const { bytesRead, buffer } = await handle.read(
      Buffer.alloc(longestHeaderBytes),
      0,
      longestHeaderBytes,
      0,
    );
    head = buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
  const extension = extensionOf(head);
  if (!isGzip(head)) return { head, bytes: (await stat(path)).size, extension };
  const parts: Buffer[] = [];
  let bytes = 0;
  const unpacked = createReadStream(path).pipe(createGunzip());
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      if (bytes < longestHeaderBytes) parts.push(chunk);
      bytes += chunk.length;
    }
  } catch (thrown) {
    throw idxCorrupt(basename(path), 'its gzip compression is damaged or cut short', thrown);
  }
  return { head: Buffer.concat(parts), bytes, extension };
}

/**
 * An IDX pair as a source; the files are kept whole, and pictures refer to an index.
 *
 * @param labels null where there are none
 * @throws StudioError `idx-corrupt`, `idx-mismatch` naming both files where the counts differ, `path-missing`
 */
export async function openIdxSource(images: string, labels: string | null): Promise<OpenedSource> {
  try {
    const name = basename(images);
    const facts = await unpackedFacts(images);
    const { count, widthPx, heightPx, channels } = idxShape(facts.head, facts.bytes, name);
    const labelBytes = labels === null ? null : await readFile(labels);
    const given = labels && labelBytes && (await parseIdx(labelBytes, basename(labels)));
    if (given && given.dimensions.length !== 1) {
      throw idxCorrupt(basename(labels), `it has ${given.dimensions.length} dimensions, and labels have 1`);
    }
    if (given && given.data.length !== count) {
      throw new StudioError(
        'idx-mismatch',
        `“${images}” holds ${count} pictures and “${labels}” holds ${given.data.length} labels, so they do not belong together. Choose a matching pair.`,
        { images, labels, pictures: count, labelCount: given.data.length },
      );
    }
    return {
      kind: 'idx',
      location: images,
      total: count,
      bytes: (await stat(images)).size + (labelBytes?.length ?? 0),
      rights: {},
      rightsFrom: 'nothing',
      container: { kind: 'idx' },
      containers: [{ path: images, name, extension: facts.extension, widthPx, heightPx, channels }],
      companions:
        labels && labelBytes
          ? [{ path: labels, name: basename(labels), extension: extensionOf(labelBytes) }]
          : [],
      async *items(signal) {
        for (let index = 0; index < count; index += 1) {
          signal.throwIfAborted();
          yield {
            name: `${name}#${index}`,
            label: given ? String(given.data[index]) : null,
            caption: null,
            rights: null,
            columns: null,
            content: { kind: 'pixels', container: 0, index },
          };
        }
      },
      ignored: () => 0,
      close() {},
    };
  } catch (thrown) {
    const failure = pathFailure(images, thrown);
    if (!(failure instanceof StudioError) || failure.code !== 'path-missing') throw failure;
    throw missing(images, thrown);
  }
}

/** Opens a stored IDX file: a plain one is read picture by picture, a gzipped one is unpacked into memory. */
export const openIdxContainer: OpenContainer<Extract<ContainerFormat, { kind: 'idx' }>> = async (
  path,
  _format,
  name,
) => {
  const { head, bytes, extension } = await unpackedFacts(path);
  if (extension === 'idx.gz') return readIdxPictures({ bytes: await readFile(path), file: name }, null);
  const { count, widthPx, heightPx, channels, start } = idxShape(head, bytes, name);
  const pictureBytes = widthPx * heightPx * channels;
  const handle = await open(path);
  return {
    ...{ count, widthPx, heightPx, channels },
    async pixels(index) {
      const pixels = new Uint8Array(pictureBytes);
      const { bytesRead } = await handle.read(pixels, 0, pictureBytes, start + index * pictureBytes);
      if (bytesRead !== pictureBytes) throw idxCorrupt(name, 'it is cut short');
      return pixels;
    },
    close: () => handle.close(),
  };
};

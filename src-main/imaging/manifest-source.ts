import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { StudioError } from '../contract/errors.ts';
import { failedItem, insideOf, labelsOf } from './collection.ts';
import { pathFailure, readPicture } from './folder-source.ts';
import { readManifest } from './manifest.ts';
import type { OpenedSource, ReaderContext, SourceItem } from './source-picture.ts';

/** Fetches the picture at an address; @throws StudioError `file-unreadable` */
export type FetchPicture = (url: string, signal: AbortSignal) => Promise<Buffer>;

/**
 * A CSV or JSONL manifest as a source: each row names a file beside the manifest or below it, or an address. Rows are
 * taken in their order; one that brings no picture is put aside by name.
 *
 * @param fetcher makes what fetches addresses; called when the first row needs it
 * @throws StudioError `path-missing`, `manifest-invalid` when no row names a picture
 */
export async function openManifest(
  path: string,
  fetcher: (context: ReaderContext) => FetchPicture,
  context: ReaderContext,
): Promise<OpenedSource> {
  const name = basename(path);
  const folder = dirname(path);
  let bytes: number;
  let total = 0;
  let pictures = 0;
  /** Enough of the names to tell whether their folders stand for classes. */
  const seen: string[] = [];
  let isLabelled = false;
  try {
    ({ size: bytes } = await stat(path));
    for await (const row of readManifest(createReadStream(path), name)) {
      context.signal.throwIfAborted();
      total += 1;
      if (row.kind === 'unreadable' || (row.facts.file === null && row.facts.url === null)) continue;
      pictures += 1;
      if (row.facts.label !== null) isLabelled = true;
      if (row.facts.file !== null && seen.length < 10_000) seen.push(row.facts.file.replaceAll('\\', '/'));
    }
  } catch (thrown) {
    throw pathFailure(path, thrown);
  }
  if (pictures === 0) {
    throw new StudioError(
      'manifest-invalid',
      `The manifest “${path}” names no pictures. It needs a column “file_name” or “url”.`,
      { file: name, reason: 'no-pictures' },
    );
  }
  const folders = isLabelled ? seen.map(() => null) : labelsOf(seen);
  const labelOfFile = new Map(seen.map((file, at) => [file, folders[at]!]));
  let fetchPicture: FetchPicture | null = null;
  return {
    kind: 'manifest',
    location: path,
    total,
    bytes,
    rights: {},
    rightsFrom: 'nothing',
    container: null,
    containers: [],
    companions: [],
    async *items(signal) {
      const realFolder = await realpath(folder);
      for await (const row of readManifest(createReadStream(path), name)) {
        signal.throwIfAborted();
        if (row.kind === 'unreadable') {
          yield failedItem(`${name}, line ${row.line}`, 'row', row.why);
          continue;
        }
        const { file, url, label, caption, rights, columns } = row.facts;
        if (file !== null) {
          const inside = insideOf('manifest', file);
          if (inside === null) {
            yield failedItem(file, 'outside', 'it lies outside the folder of the manifest');
            continue;
          }
          const found = await fileBeside(folder, realFolder, inside);
          if (typeof found === 'string') {
            yield failedItem(
              inside,
              found,
              found === 'outside' ? 'it leads out of the folder' : 'there is no such file',
            );
            continue;
          }
          const facts = { name: inside, path: found.path, bytes: found.bytes };
          const byFolder = labelOfFile.get(file.replaceAll('\\', '/')) ?? null;
          yield {
            ...{ name: inside, label: label ?? byFolder, caption, rights, columns },
            content: { kind: 'file', ...found, read: () => readPicture(facts, folder) },
          };
        } else if (url !== null) {
          fetchPicture ??= fetcher({ ...context, signal });
          yield fetched(url, fetchPicture, { label, caption, rights: { url, ...rights }, columns });
        } else {
          yield failedItem(`${name}, line ${row.line}`, 'row', 'it names neither a file nor an address');
        }
      }
    },
    ignored: () => 0,
    close() {},
  };
}

function fetched(
  url: string,
  fetchPicture: FetchPicture,
  facts: Pick<SourceItem, 'label' | 'caption' | 'rights' | 'columns'>,
): SourceItem {
  return { name: url, ...facts, content: { kind: 'file', read: (signal) => fetchPicture(url, signal) } };
}

async function fileBeside(
  folder: string,
  realFolder: string,
  name: string,
): Promise<{ path: string; bytes: number } | 'outside' | 'not-in-source'> {
  const path = join(folder, name);
  try {
    const target = await realpath(path);
    if (!target.startsWith(realFolder + sep)) return 'outside';
    const facts = await stat(target);
    return facts.isFile() ? { path, bytes: facts.size } : 'not-in-source';
  } catch {
    return 'not-in-source';
  }
}

import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type AsyncBuffer,
  type FileMetaData,
  type RowGroup,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { z } from 'zod';
import { StudioError } from '../contract/errors.ts';
import { imageColumnOf, itemOfRow, type TableRow } from './row-item.ts';
import type { OpenedSource, SourceItem } from './source-picture.ts';

// Hugging Face's layout: https://huggingface.co/docs/hub/datasets-image (a struct of `bytes` and `path`, and the
// names of classes in the key “huggingface” of the file's metadata).

/** Read at once where the file's indices allow it, so that memory does not follow the row group's size. */
const stepBytes = 32 * 1024 * 1024;
/** Row groups beyond this cannot be read in steps without an index. */
const largestGroupBytes = 1024 ** 3;
/** Values looked at to find the column of pictures. */
const lookedAtRows = 8;

interface Shard {
  name: string;
  path: string;
  file: AsyncBuffer;
  metadata: FileMetaData;
  rows: number;
}

/** Names of classes by column, in the order of their numbers. */
type ClassNames = ReadonlyMap<string, readonly string[]>;

export const isParquet = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(4, bytes.byteLength)).toString('latin1') === 'PAR1';

const corrupt = (file: string, why: string, cause?: unknown) =>
  new StudioError(
    'container-corrupt',
    `“${file}” cannot be read as Parquet: ${why}. Download or write it again.`,
    { file, reason: why },
    cause,
  );

const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown));

/**
 * Opens a Parquet file, or a folder of them (shards of one table), whose rows hold a picture each.
 *
 * @throws StudioError `container-corrupt`, `container-without-pictures` naming the file
 */
export async function openParquet(path: string): Promise<OpenedSource> {
  const isFolder = (await stat(path)).isDirectory();
  const names = isFolder ? await shardNames(path) : [basename(path)];
  const shards: Shard[] = [];
  for (const name of names) shards.push(await openShard(isFolder ? join(path, name) : path, name));
  const filled = shards.filter(({ rows }) => rows > 0);
  const [first] = filled;
  if (!first) throw corrupt(names[0] ?? basename(path), 'it holds no rows');
  const imageColumn = await findImageColumn(first);
  for (const shard of filled) {
    if (!columnsOf(shard).includes(imageColumn)) throw withoutPictures(shard);
  }

  async function* items(signal: AbortSignal): AsyncGenerator<SourceItem> {
    for (const shard of filled) yield* itemsOfShard(shard, imageColumn, signal);
  }
  return {
    kind: 'parquet',
    location: path,
    total: shards.reduce((sum, { rows }) => sum + rows, 0),
    bytes: shards.reduce((sum, { file }) => sum + file.byteLength, 0),
    rights: rightsOf(first),
    rightsFrom: Object.keys(rightsOf(first)).length === 0 ? 'nothing' : 'manifest',
    container: null,
    containers: [],
    companions: [],
    items,
    ignored: () => 0,
    close: () => {},
  };
}

/** The Parquet files of a folder, in natural order; those that begin with a dot are nobody's. */
export async function shardNames(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /\.parquet$/i.test(name) && !name.startsWith('.'));
  const collator = new Intl.Collator('en', { numeric: true });
  return names.sort((a, b) => collator.compare(a, b) || (a < b ? -1 : 1));
}

async function openShard(path: string, name: string): Promise<Shard> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    return { name, path, file, metadata, rows: Number(metadata.num_rows) };
  } catch (thrown) {
    throw corrupt(name, messageOf(thrown), thrown);
  }
}

const columnsOf = ({ metadata }: Shard): string[] =>
  parquetSchema(metadata).children.map(({ element }) => element.name);

const withoutPictures = (shard: Shard) => {
  const known = columnsOf(shard).join(', ');
  return new StudioError(
    'container-without-pictures',
    `“${shard.name}” has no column of pictures. A column “image” with the bytes of each is needed; there are: ${known}.`,
    { file: shard.name, known },
  );
};

/** Only columns that can hold bytes are looked at, so that a column of text costs nothing. */
async function findImageColumn(shard: Shard): Promise<string> {
  const candidates = parquetSchema(shard.metadata)
    .children.filter(
      ({ element, children }) =>
        (element.type === 'BYTE_ARRAY' && !element.converted_type && !element.logical_type) ||
        children.some((child) => child.element.name === 'bytes' && child.element.type === 'BYTE_ARRAY'),
    )
    .map(({ element }) => element.name);
  const found =
    candidates.length === 0
      ? null
      : imageColumnOf(
          await readRows(shard, 0, Math.min(lookedAtRows, shard.rows), candidates).catch(() => []),
        );
  // A first row group that is damaged, or without pictures, says nothing about the others.
  const column = found ?? (candidates.length === 1 ? candidates[0] : undefined);
  if (column === undefined) throw withoutPictures(shard);
  return column;
}

async function readRows(
  { file, metadata }: Shard,
  rowStart: number,
  rowEnd: number,
  columns?: string[],
): Promise<readonly TableRow[]> {
  let found: readonly TableRow[] = [];
  await parquetRead({
    file,
    metadata,
    rowStart,
    rowEnd,
    compressors,
    // Bytes without a declared meaning are pictures here, not text.
    utf8: false,
    useOffsetIndex: true,
    rowFormat: 'object',
    onComplete: (rows) => {
      found = rows;
    },
    ...(columns ? { columns } : {}),
  });
  return found;
}

async function* itemsOfShard(
  shard: Shard,
  imageColumn: string,
  signal: AbortSignal,
): AsyncGenerator<SourceItem> {
  const classes = classNamesOf(shard);
  let groupStart = 0;
  for (const group of shard.metadata.row_groups) {
    const groupEnd = groupStart + Number(group.num_rows);
    const step = stepOf(group, shard.name);
    for (let start = groupStart; start < groupEnd; start += step) {
      signal.throwIfAborted();
      const end = Math.min(start + step, groupEnd);
      let rows: readonly TableRow[];
      try {
        rows = await readRows(shard, start, end);
        if (rows.length !== end - start) throw new Error('rows are missing');
      } catch (thrown) {
        for (let row = start; row < end; row += 1) yield damagedRow(`${shard.name}#${row}`, thrown);
        continue;
      }
      for (const [offset, row] of rows.entries()) {
        signal.throwIfAborted();
        yield itemOfRow(withClassNames(row, classes), imageColumn, `${shard.name}#${start + offset}`);
      }
    }
    groupStart = groupEnd;
  }
}

/** How many rows are read at once. */
function stepOf({ columns, num_rows: rows }: RowGroup, name: string): number {
  const bytes = columns.reduce((sum, { meta_data: of }) => sum + Number(of?.total_uncompressed_size ?? 0), 0);
  const count = Math.max(1, Number(rows));
  if (bytes <= stepBytes) return count;
  const isIndexed = columns.every(({ offset_index_offset: offset }) => offset !== undefined);
  if (!isIndexed && bytes > largestGroupBytes) {
    throw corrupt(name, 'its row groups are larger than 1 GB; write it with row_group_size=1000');
  }
  return isIndexed ? Math.max(1, Math.floor((stepBytes / bytes) * count)) : count;
}

const damagedRow = (name: string, cause: unknown): SourceItem => ({
  name,
  label: null,
  caption: null,
  rights: null,
  columns: null,
  content: {
    kind: 'failed',
    failure: new StudioError(
      'file-unreadable',
      `“${name}” cannot be read: its part of the file is cut short or damaged.`,
      { file: name, reason: 'damaged' },
      cause,
    ),
  },
});

const datasetInfoSchema = z.object({
  info: z.object({
    license: z.string().optional(),
    homepage: z.string().optional(),
    features: z
      .record(
        z.string(),
        z.object({ _type: z.string().optional(), names: z.array(z.string()).optional() }).catch({}),
      )
      .catch({}),
  }),
});

function datasetInfo({ metadata }: Shard): z.infer<typeof datasetInfoSchema>['info'] | null {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return null;
  try {
    return datasetInfoSchema.parse(JSON.parse(text)).info;
  } catch {
    // Files of other makers may use the key for something else.
    return null;
  }
}

function rightsOf(shard: Shard): OpenedSource['rights'] {
  const { license, homepage } = datasetInfo(shard) ?? {};
  return license ? { licence: license, ...(homepage ? { url: homepage } : {}) } : {};
}

function classNamesOf(shard: Shard): ClassNames {
  const features = datasetInfo(shard)?.features ?? {};
  return new Map(
    Object.entries(features).flatMap(([column, { _type, names }]) =>
      _type === 'ClassLabel' && names ? [[column, names] as const] : [],
    ),
  );
}

/** Numbers of classes become their names; −1, which stands for no label, becomes none. */
function withClassNames(row: TableRow, classes: ClassNames): TableRow {
  const named: Record<string, unknown> = { ...row };
  for (const [column, names] of classes) {
    const number = Number(row[column]);
    if (row[column] !== null && row[column] !== undefined)
      named[column] = number < 0 ? null : (names[number] ?? number);
  }
  const [first] = [...classes.keys()].filter((column) => column in named);
  if (first !== undefined && !('label' in named)) {
    named['label'] = named[first];
    delete named[first];
  }
  return named;
}

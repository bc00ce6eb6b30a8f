import { StudioError } from '../contract/errors.ts';
import { factsOfColumns } from './columns.ts';
import type { SourceItem } from './source-picture.ts';

/** A row of a table, its values by the names of their columns. */
export type TableRow = Readonly<Record<string, unknown>>;

/** How columns of pictures are usually called; the first that is there counts. */
const usualNames = ['image', 'img', 'picture', 'photo', 'bytes', 'image_bytes', 'data', 'content', 'blob'];

/** The encoded picture in a value: bytes, or Hugging Face's `{ bytes, path }`; null where there is none. */
export function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'object' && value !== null && 'bytes' in value) return bytesOf(value.bytes);
  return null;
}

/** The column that holds pictures, judged by the values of some rows and by its name. */
export function imageColumnOf(rows: readonly TableRow[]): string | null {
  const holding = new Set(
    rows.flatMap((row) => Object.keys(row).filter((column) => bytesOf(row[column]) !== null)),
  );
  const usual = usualNames.find((name) => [...holding].some((column) => column.toLowerCase() === name));
  return [...holding].find((column) => column.toLowerCase() === usual) ?? [...holding][0] ?? null;
}

/**
 * A row as what a source yields.
 *
 * @param place what the row is called where it names nothing itself
 */
export function itemOfRow(row: TableRow, imageColumn: string, place: string): SourceItem {
  const { [imageColumn]: image, ...others } = row;
  const facts = factsOfColumns(others);
  const { name: _name, ...furtherColumns } = facts.columns ?? {};
  const named = namedBy(image) ?? facts.file ?? textOf(others['name']) ?? place;
  const bytes = bytesOf(image);
  const columns = {
    ...furtherColumns,
    // An address beside the bytes is where they are from.
    ...(facts.url === null ? {} : { url: facts.url }),
  };
  return {
    name: named,
    label: facts.label,
    caption: facts.caption,
    rights: facts.rights,
    columns: Object.keys(columns).length === 0 ? null : columns,
    content: bytes
      ? { kind: 'file', read: async () => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
      : { kind: 'failed', failure: withoutBytes(named) },
  };
}

function namedBy(image: unknown): string | null {
  return typeof image === 'object' && image !== null && 'path' in image ? textOf(image.path) : null;
}

const textOf = (value: unknown): string | null => {
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  return isPlain && String(value).trim() !== '' ? String(value) : null;
};

const withoutBytes = (name: string) =>
  new StudioError('file-unreadable', `“${name}” holds no picture: its value is not bytes.`, {
    file: name,
    reason: 'no-bytes',
  });

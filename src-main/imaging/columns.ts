import type { FileRights, MayTrain } from '../contract/domain/licences.ts';

/** What a row of a table says of a picture. */
export interface RowFacts {
  /** The picture's file, as named in the row; null where the row names none. */
  file: string | null;
  /** An http or https address that the picture can be had from. */
  url: string | null;
  label: string | null;
  caption: string | null;
  rights: FileRights | null;
  /** What no other field took up; null for nothing. */
  columns: Readonly<Record<string, unknown>> | null;
}

type Role = 'file' | 'url' | 'label' | 'caption' | 'licence' | 'author' | 'page' | 'date' | 'mayTrain';

/** How columns are called, lower case with `_`; within a role, the first that holds something counts. */
const names: Readonly<Record<Role, readonly string[]>> = {
  file: ['file_name', 'filename', 'file', 'path', 'file_path', 'image_path', 'image_file', 'image'],
  url: ['image_url', 'url', 'download_url'],
  label: ['label', 'class', 'class_name', 'category', 'target'],
  caption: ['caption', 'text', 'description', 'prompt', 'title'],
  licence: ['licence', 'license', 'spdx', 'licence_name', 'license_name', 'rights'],
  author: ['author', 'creator', 'artist', 'photographer', 'credit', 'attribution'],
  page: ['source_url', 'page_url', 'source', 'origin', 'licence_url', 'license_url'],
  date: ['date', 'created', 'created_at', 'published', 'year'],
  mayTrain: ['may_train', 'train_allowed', 'training_allowed', 'allow_training', 'ai_training'],
};

const roleOf = new Map<string, Role>();
for (const [role, list] of Object.entries(names)) for (const name of list) roleOf.set(name, role as Role);

const normal = (column: string): string =>
  column
    .trim()
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[\s-]+/g, '_');

/** The text of a plain value; null for nothing and for what is no plain value. */
function plain(value: unknown): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value.trim();
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  return null;
}

const isAddress = (text: string): boolean => /^https?:\/\//i.test(text);

/** What a word says about training: “yes”, “no”, true, 0 …; anything else says nothing. */
export function mayTrainOf(text: string): MayTrain {
  const word = text.trim().toLowerCase();
  if (['yes', 'y', 'true', '1', 'allowed', 'ja', 'oui', '是', '允许'].includes(word)) return 'yes';
  if (
    ['no', 'n', 'false', '0', 'forbidden', 'prohibited', 'denied', 'nein', 'non', '否', '禁止'].includes(word)
  ) {
    return 'no';
  }
  return 'unknown';
}

/**
 * Reads a row of a manifest, a Parquet file or a query by the names of its columns, whatever their case. What is
 * not known here is kept as it is in `columns`. Empty texts count as absent.
 */
export function factsOfColumns(row: Readonly<Record<string, unknown>>): RowFacts {
  const found = new Map<Role, { column: string; text: string; rank: number }>();
  for (const [column, value] of Object.entries(row)) {
    const name = normal(column);
    const text = plain(value);
    let role = roleOf.get(name);
    if (role === undefined || text === null) continue;
    // A column called “image” holds either.
    if (role === 'file' && isAddress(text)) role = 'url';
    if (role === 'url' && !isAddress(text)) continue;
    const rank = names[role].indexOf(name);
    const before = found.get(role);
    if (!before || rank < before.rank) found.set(role, { column, text, rank });
  }
  const taken = new Set([...found.values()].map(({ column }) => column));
  const rest = Object.entries(row).filter(
    ([column, value]) => !taken.has(column) && value !== null && value !== undefined && value !== '',
  );
  const text = (role: Role): string | null => found.get(role)?.text ?? null;
  const mayTrain = mayTrainOf(text('mayTrain') ?? '');
  const rights = withoutEmpty({
    licence: text('licence'),
    author: text('author'),
    url: text('page'),
    date: text('date'),
    mayTrain: mayTrain === 'unknown' ? null : mayTrain,
  });
  return {
    file: text('file'),
    url: text('url'),
    label: text('label'),
    caption: text('caption'),
    rights,
    columns:
      rest.length === 0 ? null : Object.fromEntries(rest.map(([key, value]) => [key, keepable(value)])),
  };
}

type Loose = { [Key in keyof FileRights]?: FileRights[Key] | null };

/** Only what says something; null where nothing does. */
export function withoutEmpty(rights: Loose): FileRights | null {
  const kept: FileRights = {};
  if (rights.licence) kept.licence = rights.licence.slice(0, 500);
  if (rights.author) kept.author = rights.author.slice(0, 500);
  if (rights.url) kept.url = rights.url.slice(0, 2000);
  if (rights.date) kept.date = rights.date.slice(0, 100);
  if (rights.mayTrain) kept.mayTrain = rights.mayTrain;
  return Object.keys(kept).length === 0 ? null : kept;
}

/** A value as JSON can hold it; bytes are told by their size alone. */
function keepable(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map(keepable);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, keepable(inner)]));
  }
  return value;
}

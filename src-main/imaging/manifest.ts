import { basename, extname } from 'node:path/posix';
import { parse } from 'csv-parse';
import { StudioError } from '../contract/errors.ts';
import { factsOfColumns, type RowFacts } from './columns.ts';

/** A row of a manifest, or what is wrong with it. */
export type ManifestRow = { line: number } & (
  { kind: 'facts'; facts: RowFacts } | { kind: 'unreadable'; why: string }
);

/** What a person may have typed into a cell; more is a mistake, such as a quote that is never closed. */
const largestRowBytes = 1024 * 1024;

/** Whether a file of this name may be a manifest when it is chosen by itself. */
export const isManifestName = (name: string): boolean =>
  ['.csv', '.tsv', '.jsonl', '.ndjson'].includes(extname(name).toLowerCase());

/** Whether a file beside pictures describes them, after Hugging Face's ImageFolder convention. */
export const describesItsFolder = (name: string): boolean =>
  ['metadata.csv', 'metadata.jsonl'].includes(basename(name).toLowerCase());

const invalid = (file: string, reason: string, why: string, cause?: unknown) =>
  new StudioError(
    'manifest-invalid',
    `The manifest “${file}” cannot be read: ${why}.`,
    { file, reason },
    cause,
  );

/**
 * Reads a CSV or JSONL manifest row by row, told apart by its name. UTF-8, with or without a byte order mark, and
 * UTF-16 with one; any line ends. The separator of a CSV is what its first line is parted by most often: comma,
 * semicolon or tab.
 *
 * @param chunks the file's bytes
 * @throws StudioError `manifest-invalid` where the file as a whole cannot be read
 */
export function readManifest(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<ManifestRow> {
  const extension = extname(file).toLowerCase();
  return extension === '.csv' || extension === '.tsv' ? readCsv(chunks, file) : readJsonLines(chunks, file);
}

async function* decoded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: TextDecoder | null = null;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    decoder ??= new TextDecoder(
      chunk[0] === 0xff && chunk[1] === 0xfe
        ? 'utf-16le'
        : chunk[0] === 0xfe && chunk[1] === 0xff
          ? 'utf-16be'
          : 'utf-8',
    );
    yield decoder.decode(chunk, { stream: true });
  }
  const end = decoder?.decode() ?? '';
  if (end !== '') yield end;
}

async function* readJsonLines(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<ManifestRow> {
  let line = 0;
  let rest = '';
  const rowOf = (text: string): ManifestRow | null => {
    line += 1;
    const content = text.trim();
    if (content === '') return null;
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch {
      return { kind: 'unreadable', line, why: 'it is no JSON' };
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { kind: 'unreadable', line, why: 'it is no JSON object' };
    }
    return { kind: 'facts', line, facts: factsOfColumns({ ...value }) };
  };
  for await (const text of decoded(chunks)) {
    rest += text;
    const lines = rest.split('\n');
    rest = lines.pop()!;
    for (const found of lines) {
      const row = rowOf(found);
      if (row) yield row;
    }
    if (rest.length > largestRowBytes) {
      throw invalid(file, 'line-too-long', `line ${line + 1} is longer than 1 MB`);
    }
  }
  const last = rowOf(rest);
  if (last) yield last;
}

async function* readCsv(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<ManifestRow> {
  const texts = decoded(chunks);
  const first = await texts.next();
  if (first.done) return;
  const parser = parse({
    delimiter: separatorOf(first.value),
    columns: (header: string[]) => uniqueNames(header),
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: largestRowBytes,
    info: true,
  });
  const feeding = (async () => {
    const write = async (text: string) => {
      if (!parser.write(text))
        await new Promise((resolve) => parser.once('drain', resolve).once('close', resolve));
    };
    await write(first.value);
    for await (const text of texts) {
      if (parser.destroyed) return;
      await write(text);
    }
    parser.end();
  })();
  feeding.catch((thrown: unknown) =>
    parser.destroy(thrown instanceof Error ? thrown : new Error(String(thrown))),
  );
  try {
    for await (const found of parser as AsyncIterable<{
      record: Record<string, string>;
      info: { lines: number };
    }>) {
      yield { kind: 'facts', line: found.info.lines, facts: factsOfColumns(found.record) };
    }
  } catch (thrown) {
    if (thrown instanceof StudioError) throw thrown;
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    if (!code.startsWith('CSV_')) throw thrown;
    const lines = thrown instanceof Error && 'lines' in thrown ? Number(thrown.lines) : 0;
    throw code === 'CSV_MAX_RECORD_SIZE'
      ? invalid(
          file,
          'line-too-long',
          `the row at line ${lines} is longer than 1 MB; a quote may be missing`,
          thrown,
        )
      : invalid(file, 'quotes', `the quotes around line ${lines} do not match`, thrown);
  } finally {
    parser.destroy();
  }
}

function separatorOf(text: string): string {
  const header = text.slice(0, 100_000).split(/\r?\n/, 1)[0]!;
  const counted = [',', ';', '\t'].map((separator) => ({ separator, count: header.split(separator).length }));
  return counted.reduce((best, one) => (one.count > best.count ? one : best)).separator;
}

/** Two columns of one name would hide each other. */
function uniqueNames(header: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return header.map((name, at) => {
    const known = name.trim() === '' ? `column ${at + 1}` : name.trim();
    const times = (seen.get(known) ?? 0) + 1;
    seen.set(known, times);
    return times === 1 ? known : `${known} ${times}`;
  });
}

import type { Failure } from '../../src-main/contract/errors.ts';
import { fromFailure } from '../../src-main/contract/errors.ts';

/** A file with its path inside what was chosen or dropped. */
export interface NamedFile {
  readonly name: string;
  readonly file: File;
}

const parallelUploads = 4;

/** Every file of a drop, folders walked to the bottom, hidden files left out. */
export async function filesOfDrop(items: DataTransferItemList): Promise<NamedFile[]> {
  const entries: FileSystemEntry[] = [];
  const found: NamedFile[] = [];
  // Items must be read before the first pause: afterwards the browser has emptied them.
  for (const item of [...items].filter(({ kind }) => kind === 'file')) {
    const entry = item.webkitGetAsEntry();
    const file = entry ? null : item.getAsFile();
    if (entry) entries.push(entry);
    else if (file) found.push({ name: file.name, file });
  }

  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.name.startsWith('.')) return;
    if (isFileEntry(entry)) {
      const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
      found.push({ name: entry.fullPath.replace(/^\/+/, ''), file });
    } else if (isFolderEntry(entry)) {
      const reader = entry.createReader();
      // A reader answers in batches of at most a hundred; an empty one is the end.
      for (;;) {
        const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
          reader.readEntries(resolve, reject),
        );
        if (batch.length === 0) break;
        for (const child of batch) await walk(child);
      }
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}

const isFileEntry = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolderEntry = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** The files of an `<input type="file">`, with the folder's structure where a folder was chosen. */
export function filesOfInput(files: FileList): NamedFile[] {
  return [...files]
    .filter((file) => !file.name.startsWith('.'))
    .map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

/** A name for a dataset made from these files: their common folder, or the file without its ending. */
export function nameOfFiles(files: readonly NamedFile[]): string {
  const first = files[0]?.name ?? '';
  if (first.includes('/')) return first.slice(0, first.indexOf('/'));
  return files.length === 1 ? first.replace(/(\.gz|\.[A-Za-z0-9]{1,5})+$/, '') : '';
}

/** The error behind an answer that is not a success: a failure of the contract where the host sent one. */
async function refusal(answer: Response, name: string): Promise<Error> {
  const text = await answer.text();
  try {
    const { code, message, details } = JSON.parse(text) as Failure;
    if (code && message) return fromFailure({ code, message, details: { file: name, ...details } });
  } catch {
    // Plain text: said as it is.
  }
  return new Error(`${name}: ${text.slice(0, 300) || answer.statusText}`);
}

/**
 * Sends files to the browser host, a few at a time.
 *
 * @returns the id to import from
 * @throws the abort reason, a StudioError as the host words it, or an Error naming the file
 */
export async function upload(
  files: readonly NamedFile[],
  report: (done: { files: number; bytes: number }) => void,
  signal: AbortSignal,
): Promise<string> {
  const done = { files: 0, bytes: 0 };
  const send = async ({ name, file }: NamedFile, id: string | null): Promise<string> => {
    const query = new URLSearchParams({ name, ...(id === null ? {} : { id }) });
    const answer = await fetch(`/upload?${query}`, { method: 'POST', body: file, signal });
    if (!answer.ok) throw await refusal(answer, name);
    const { uploadId } = (await answer.json()) as { uploadId: string };
    done.files += 1;
    done.bytes += file.size;
    report({ ...done });
    return uploadId;
  };

  const [first, ...rest] = files;
  if (!first) throw new Error('There are no files to upload.');
  const uploadId = await send(first, null);
  const lane = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) await send(next, uploadId);
  };
  await Promise.all(Array.from({ length: parallelUploads }, lane));
  return uploadId;
}

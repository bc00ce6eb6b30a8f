import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { StudioError } from '../contract/errors.ts';
import type { Studio } from '../studio/studio.ts';
import { requireDiskSpace } from '../workspace/files.ts';

/** One uploaded file; a ZIP of a large collection passes. */
const largestFileBytes = 16 * 1024 ** 3;

/**
 * The relative path that an uploaded file is kept under, or null if it could lead outside of its folder or
 * is no path at all. `/` separates folders; a leading `./` is dropped.
 */
export function uploadPath(name: string): string | null {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const bad = (part: string) =>
    part === '..' || /[\\:\u0000-\u001f]/.test(part) || Buffer.byteLength(part) > 255;
  if (name.startsWith('/') || parts.length === 0 || parts.length > 32 || parts.some(bad)) return null;
  return parts.join('/');
}

const refuse = (message: string, details: Record<string, string | number>) =>
  new StudioError('input-invalid', message, details);

/**
 * Takes one file of an upload; without an id a new upload begins.
 *
 * @returns the upload's id, and how many bytes this file has
 * @throws StudioError `input-invalid` (name, id or size), `disk-full`, `cancelled` when the connection broke
 */
export async function receiveUpload(
  request: IncomingMessage,
  query: URLSearchParams,
  studio: Pick<Studio, 'uploads'>,
  workspace: string,
  limitBytes = largestFileBytes,
): Promise<{ uploadId: string; bytes: number }> {
  const given = query.get('name') ?? '';
  const name = uploadPath(given);
  if (name === null) {
    throw refuse(`“${given}” cannot be a file's name within an upload.`, { field: 'name', value: given });
  }
  const tooLarge = () =>
    refuse(`“${name}” is larger than an upload may be (${limitBytes} bytes). Import it by its path.`, {
      field: 'body',
      value: name,
      limitBytes,
    });
  const announcedBytes = Number(request.headers['content-length'] ?? 0);
  if (announcedBytes > limitBytes) throw tooLarge();
  await requireDiskSpace(workspace, announcedBytes);

  // Read only as it is written, so that an error has someone to go to; the answer still needs the connection.
  const counted = async function* (): AsyncGenerator<Buffer> {
    let bytes = 0;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        bytes += (chunk as Buffer).length;
        if (bytes > limitBytes) throw tooLarge();
        yield chunk as Buffer;
      }
    } catch (error) {
      if (error instanceof StudioError) throw error;
      throw new StudioError('cancelled', `The upload of “${name}” broke off.`, { name }, error);
    }
  };
  const uploadId = query.get('id') || studio.uploads.begin();
  return { uploadId, bytes: await studio.uploads.add(uploadId, name, Readable.from(counted())) };
}

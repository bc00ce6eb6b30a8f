import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { protectiveHeaders } from '../contract/content-policy.ts';
import type { Media } from '../studio/media.ts';
import { findPageFile } from '../workspace/page-files.ts';

const headersOfAll = { ...protectiveHeaders, 'Cross-Origin-Resource-Policy': 'same-origin' };
const keepForever = 'private, max-age=31536000, immutable';

/** Ends a response with text; nothing of it is kept by the browser. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, {
    ...headersOfAll,
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

async function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: string,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const { size, mtimeMs } = await stat(file);
  const tag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304, { ...headersOfAll, ...headers, ETag: tag }).end();
    return;
  }
  response.writeHead(200, { ...headersOfAll, ...headers, ETag: tag, 'Content-Length': size });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file), response);
}

/** Answers with a file of the built page; false if there is none at this path. */
export async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  pathname: string,
): Promise<boolean> {
  const found = await findPageFile(folder, pathname);
  if (!found) return false;
  await answerFile(request, response, found.file, {
    'Content-Type': found.contentType,
    'Cache-Control': found.hashed ? keepForever : 'no-cache',
  });
  return true;
}

/** Answers with a picture or a finished export; what never changes is kept by the browser. */
export async function answerMedia(
  request: IncomingMessage,
  response: ServerResponse,
  media: Media,
): Promise<void> {
  const headers: OutgoingHttpHeaders = {
    'Content-Type': media.contentType,
    'Cache-Control': media.immutable ? keepForever : 'private, no-cache',
  };
  if (media.downloadName !== null) {
    const name = encodeURIComponent(media.downloadName);
    headers['Content-Disposition'] = `attachment; filename*=UTF-8''${name}`;
  }
  switch (media.body.kind) {
    case 'file':
      return answerFile(request, response, media.body.path, headers);
    case 'bytes': {
      const { bytes } = media.body;
      const tag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
      if (request.headers['if-none-match'] === tag) {
        response.writeHead(304, { ...headersOfAll, ...headers, ETag: tag }).end();
        return;
      }
      response.writeHead(200, { ...headersOfAll, ...headers, ETag: tag, 'Content-Length': bytes.length });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    }
  }
}

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { protectiveHeaders } from '../contract/content-policy.ts';
import type { Studio } from '../studio/studio.ts';
import { findPageFile } from '../workspace/page-files.ts';
import type { ElectronApi } from './electron-api.ts';

export const pageScheme = 'imago-studio';
export const mediaScheme = 'imago-media';
export const pageOrigin = `${pageScheme}://app`;
export const pageAddress = `${pageOrigin}/index.html`;

/** Must run before Electron is ready: gives both schemes an origin and the rules of secure pages. */
export function registerSchemes(electron: ElectronApi): void {
  electron.protocol.registerSchemesAsPrivileged([
    {
      scheme: pageScheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
    {
      scheme: mediaScheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, corsEnabled: true },
    },
  ]);
}

const nothing = () =>
  new Response('There is nothing at this address.', { status: 404, headers: { ...protectiveHeaders } });

const streamOf = (path: string) => Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;

/** Answers for the page: files of the built renderer, with the content policy, and nothing else. */
export async function answerPageRequest(request: Request, pageFolder: string): Promise<Response> {
  const { host, pathname } = new URL(request.url);
  if (request.method !== 'GET' || host !== 'app') return nothing();
  const found = await findPageFile(pageFolder, pathname);
  if (!found) return nothing();
  return new Response(streamOf(found.file), {
    headers: {
      ...protectiveHeaders,
      'Content-Type': found.contentType,
      'Content-Length': String(found.bytes),
      'Cache-Control': 'no-cache',
    },
  });
}

/** Answers for pictures: only what the studio's own function resolves. */
export async function answerMediaRequest(request: Request, studio: Pick<Studio, 'media'>): Promise<Response> {
  const { host, pathname } = new URL(request.url);
  const media = request.method === 'GET' && host === 'media' ? await studio.media(pathname.slice(1)) : null;
  if (!media) return nothing();
  const headers: Record<string, string> = {
    ...protectiveHeaders,
    'Content-Type': media.contentType,
    'Cache-Control': media.immutable ? 'private, max-age=31536000, immutable' : 'no-cache',
    // The page has another origin than its pictures; without this it could show but not read them.
    'Access-Control-Allow-Origin': pageOrigin,
  };
  if (media.downloadName !== null) {
    headers['Content-Disposition'] = `attachment; filename*=UTF-8''${encodeURIComponent(media.downloadName)}`;
  }
  switch (media.body.kind) {
    case 'file':
      return new Response(streamOf(media.body.path), {
        headers: { ...headers, 'Content-Length': String(media.body.bytes) },
      });
    case 'bytes':
      return new Response(new Uint8Array(media.body.bytes), { headers });
  }
}

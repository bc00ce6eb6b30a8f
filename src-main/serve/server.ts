import { RPCHandler } from '@orpc/server/ws';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { StudioError, toFailure } from '../contract/errors.ts';
import type { StudioRouter } from '../router/router.ts';
import type { Studio } from '../studio/studio.ts';
import { projectFolder } from '../workspace/node-runtime.mjs';
import { createAccess, hasLoopbackHost, isFromOwnPage, isLoopbackAddress } from './access.ts';
import { answerMedia, answerPage, answerText } from './answers.ts';
import { lockedPage, lockedPagePolicy } from './locked-page.ts';
import { receiveUpload } from './upload.ts';

/** What the browser host needs of a studio. */
export type ServedStudio = Pick<Studio, 'media' | 'uploads'>;

export interface ServerOptions {
  studio: ServedStudio;
  router: StudioRouter;
  /** Absolute path; free space is checked there before an upload is taken. */
  workspace: string;
  /** 0 takes any free port. */
  port?: number;
  /** Must name this machine: 127.0.0.1, ::1 or localhost. */
  host?: string;
  /** Absolute path of the built renderer. */
  pageFolder?: string;
  /** Largest file taken by an upload. */
  uploadLimitBytes?: number;
  /** Told after a one-time address was used, with the one that takes its place. */
  onAddressUsed?: (next: string) => void;
}

export interface RunningServer {
  /** `http://127.0.0.1:<port>/` */
  readonly url: string;
  /** The one-time token that stands ready now. */
  readonly token: string;
  /** The address to open in a browser: `url` with the token that stands ready now. */
  readonly address: string;
  /** Stops listening, ends every connection, and resolves when the port is free. */
  close(): Promise<void>;
}

const heartbeatMs = 30_000;
const largestMessageBytes = 32 * 1024 * 1024;

/**
 * Serves the studio to browsers on this machine: the page, its pictures, uploads, and the contract over a
 * WebSocket at `/rpc`.
 *
 * @throws StudioError `input-invalid` for a host that is not this machine, or a port that is taken
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { studio, router, workspace, port = 0, host = '127.0.0.1' } = options;
  const pageFolder = options.pageFolder ?? join(projectFolder, 'out', 'renderer');
  if (!isLoopbackAddress(host)) {
    throw new StudioError(
      'input-invalid',
      `The studio is served to this machine only, and “${host}” is not an address of it. Use 127.0.0.1, and reach it from elsewhere through an SSH tunnel (ssh -L).`,
      { field: 'host', value: host },
    );
  }
  const access = createAccess();
  const rpc = new RPCHandler(router);
  const received = new Map<string, { files: number; bytes: number }>();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessageBytes });

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (!hasLoopbackHost(request.headers)) {
      return answerText(response, 421, 'This studio answers to 127.0.0.1 and localhost only.\n');
    }
    // Joined, not resolved: `//name` is a path here, never another host.
    const target = URL.parse(`http://127.0.0.1${request.url ?? '/'}`);
    if (!request.url?.startsWith('/') || !target) {
      return answerText(response, 400, 'This is no address within the studio.\n');
    }
    const { pathname, searchParams } = target;
    const reading = request.method === 'GET' || request.method === 'HEAD';
    const uploading = request.method === 'POST' && pathname === '/upload';
    if (!reading && !uploading) {
      return answerText(response, 405, 'Only GET and HEAD are answered here.\n', { Allow: 'GET, HEAD' });
    }
    if (!isFromOwnPage(request.headers, uploading)) {
      return answerText(response, 403, 'Only the studio’s own page may ask for this.\n');
    }
    const offered = pathname === '/' ? searchParams.get('token') : null;
    const known = access.isKnown(request.headers);
    if (offered !== null) {
      // A browser that guesses ahead must not use up the address before its user goes there.
      const guessing = request.method === 'HEAD' || request.headers['sec-purpose'] !== undefined;
      if (known || (!guessing && access.spend(offered))) {
        response.writeHead(303, {
          Location: '/',
          'Cache-Control': 'no-store',
          'Referrer-Policy': 'no-referrer',
          ...(known ? {} : { 'Set-Cookie': access.setCookie }),
        });
        response.end();
        if (!known) options.onAddressUsed?.(running.address);
        return;
      }
    }
    if (!known) {
      return answerText(response, 401, lockedPage(request.headers['accept-language']), {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': lockedPagePolicy,
      });
    }
    if (uploading) {
      return answerUpload(request, response, searchParams);
    }
    if (pathname.startsWith('/media/')) {
      const media = await studio.media(pathname.slice('/media/'.length));
      if (media) return answerMedia(request, response, media);
    } else if (await answerPage(request, response, pageFolder, pathname)) {
      return;
    }
    answerText(response, 404, 'There is nothing at this address.\n');
  };

  const answerUpload = async (request: IncomingMessage, response: ServerResponse, query: URLSearchParams) => {
    const json = { 'Content-Type': 'application/json; charset=utf-8' };
    try {
      const limit = options.uploadLimitBytes;
      const { uploadId, bytes } = await receiveUpload(request, query, studio, workspace, limit);
      const soFar = received.get(uploadId) ?? { files: 0, bytes: 0 };
      const total = { files: soFar.files + 1, bytes: soFar.bytes + bytes };
      received.set(uploadId, total);
      answerText(response, 200, JSON.stringify({ uploadId, ...total }), json);
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      // The rest of a refused file is not worth reading.
      const headers = { ...json, Connection: 'close' };
      answerText(response, error.code === 'disk-full' ? 507 : 422, JSON.stringify(toFailure(error)), headers);
    }
  };

  const server = createServer({ requestTimeout: 0, headersTimeout: 30_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      console.error(error);
      answerText(response, 500, 'The studio could not answer; its terminal says why.\n');
    });
  });

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const allowed =
      request.url === '/rpc' &&
      hasLoopbackHost(request.headers) &&
      isFromOwnPage(request.headers, true) &&
      access.isKnown(request.headers);
    socket.on('error', () => socket.destroy());
    if (!allowed) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      let answered = true;
      webSocket.on('pong', () => (answered = true));
      // A closed laptop leaves no close frame; without this its watchers would be fed forever.
      const heartbeat = setInterval(() => {
        if (!answered) webSocket.terminate();
        answered = false;
        webSocket.ping();
      }, heartbeatMs);
      webSocket.on('close', () => clearInterval(heartbeat));
      webSocket.on('error', () => webSocket.terminate());
      void rpc.upgrade(webSocket);
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      const why = error.code === 'EACCES' ? 'is not open to you' : 'is taken by another program';
      const message = `Port ${port} ${why}. Choose another with --port, or leave it out for any free one.`;
      reject(new StudioError('input-invalid', message, { field: 'port', value: port }));
    });
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server has no port.');
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}/`;

  const running: RunningServer = {
    url,
    get token() {
      return access.token;
    },
    get address() {
      return `${url}?token=${access.token}`;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const webSocket of sockets.clients) webSocket.close(1001, 'The studio is closing.');
      sockets.close();
      server.closeIdleConnections();
      const patience = setTimeout(() => {
        for (const webSocket of sockets.clients) webSocket.terminate();
        server.closeAllConnections();
      }, 1000);
      await closed;
      clearTimeout(patience);
    },
  };
  return running;
}

import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Contract } from '../../src-main/contract/api.ts';
import { mediaAddress } from '../../src-main/contract/media.ts';
import { createRouter } from '../../src-main/router/router.ts';
import { startServer, type RunningServer, type ServerOptions } from '../../src-main/serve/server.ts';
import { uploadPath } from '../../src-main/serve/upload.ts';
import { sampleDataset, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** The real server over the real studio, with a page of three files. */
async function served(options: Partial<ServerOptions> = {}) {
  const folder = temporaryFolder();
  const pageFolder = join(folder, 'page');
  mkdirSync(join(pageFolder, 'assets'), { recursive: true });
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>The page</title>');
  writeFileSync(join(pageFolder, 'assets', 'main-1a2b.js'), 'export {};');
  writeFileSync(join(pageFolder, '.hidden.html'), 'hidden');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  const workspace = join(folder, 'workspace');
  const studio = await studioForTest(workspace);
  const used: string[] = [];
  const server = await startServer({
    studio,
    router: createRouter(studio),
    workspace,
    pageFolder,
    onAddressUsed: (next) => used.push(next),
    ...options,
  });
  onTestFinished(() => server.close());
  return { server, studio, workspace, used };
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Sends exactly this path and these headers: `fetch` would tidy both up. */
function ask(
  server: RunningServer,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: Uint8Array } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Comes in by the one-time address, as a browser does; returns the headers that it sends from then on. */
async function enter(server: RunningServer): Promise<{ cookie: string }> {
  const { status, headers } = await ask(server, `/?token=${server.token}`);
  expect(status).toBe(303);
  return { cookie: headers['set-cookie']?.[0]?.split(';')[0] ?? '' };
}

const ownOrigin = (server: RunningServer) => server.url.slice(0, -1);

/** Opens a WebSocket and says how that went. */
function knock(server: RunningServer, headers: Record<string, string>, path = '/rpc') {
  const socket = new WebSocket(`${server.url.replace('http', 'ws').slice(0, -1)}${path}`, { headers });
  return new Promise<WebSocket | number>((resolve, reject) => {
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (_sent, response) => resolve(response.statusCode ?? 0));
    socket.on('error', reject);
  });
}

async function call(server: RunningServer, headers: Record<string, string>) {
  const socket = await knock(server, { ...headers, origin: ownOrigin(server) });
  if (typeof socket === 'number') throw new Error(`The WebSocket was refused with ${socket}.`);
  onTestFinished(() => socket.close());
  const link = new RPCLink({ websocket: socket as unknown as globalThis.WebSocket });
  return createORPCClient<ContractRouterClient<Contract>>(link);
}

describe('the one-time address', () => {
  test('opens the studio once, and leaves no token in the address line', async () => {
    const { server, used } = await served();
    const first = server.token;
    const answer = await ask(server, `/?token=${first}`);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/');
    const cookie = answer.headers['set-cookie']?.[0] ?? '';
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(cookie).not.toContain(first);

    const page = await ask(server, '/', { headers: { cookie: cookie.split(';')[0] ?? '' } });
    expect(page.status).toBe(200);
    expect(page.body.toString()).toContain('The page');

    const again = await ask(server, `/?token=${first}`);
    expect(again.status).toBe(401);
    expect(again.headers['set-cookie']).toBeUndefined();
    expect(used).toEqual([server.address]);
    expect(server.token).not.toBe(first);
    await enter(server);
  });

  test('takes a browser that is already known to the page without using the next token up', async () => {
    const { server } = await served();
    const known = await enter(server);
    const next = server.token;
    const answer = await ask(server, `/?token=${next}`, { headers: known });
    expect(answer.status).toBe(303);
    expect(server.token).toBe(next);
  });

  test('is not used up by a browser that loads ahead, nor by HEAD', async () => {
    const { server } = await served();
    const path = `/?token=${server.token}`;
    expect((await ask(server, path, { headers: { 'sec-purpose': 'prefetch' } })).status).toBe(401);
    expect((await ask(server, path, { method: 'HEAD' })).status).toBe(401);
    expect((await ask(server, path)).status).toBe(303);
  });

  test('without it nothing is served, and the page says in the reader’s language how to come in', async () => {
    const { server } = await served();
    for (const path of [
      '/',
      '/assets/main-1a2b.js',
      '/media/picture/x',
      '/?token=wrong',
      '/upload?name=a.png',
    ]) {
      expect((await ask(server, path)).status, path).toBe(401);
    }
    const forged = { cookie: 'imago-00000000=AAAA' };
    expect((await ask(server, '/', { headers: forged })).status).toBe(401);
    expect((await ask(server, '/')).body.toString()).toContain('newest address');
    const chinese = await ask(server, '/', { headers: { 'accept-language': 'zh-CN,zh;q=0.9' } });
    expect(chinese.body.toString()).toContain('已上锁');
    expect(await knock(server, { origin: ownOrigin(server) })).toBe(403);
  });
});

describe('a page of another site', () => {
  test('whose name was made to point at this machine is refused', async () => {
    const { server } = await served();
    const known = await enter(server);
    for (const host of [
      'evil.example',
      'evil.example:80',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
    ]) {
      expect((await ask(server, '/', { headers: { ...known, host } })).status, host).not.toBe(200);
    }
    const origin = 'http://evil.example';
    expect(await knock(server, { ...known, host: 'evil.example', origin })).toBe(403);
    const tunnel = { ...known, host: 'localhost:8123' };
    expect((await ask(server, '/', { headers: tunnel })).status).toBe(200);
  });

  test('cannot open the WebSocket or upload, even from another port of this machine', async () => {
    const { server } = await served();
    const known = await enter(server);
    for (const origin of [
      'http://evil.example',
      'http://127.0.0.1:1',
      'null',
      `${ownOrigin(server)}.evil.example`,
    ]) {
      expect(await knock(server, { ...known, origin }), origin).toBe(403);
      const sent = { method: 'POST', headers: { ...known, origin }, body: Buffer.from('x') };
      expect((await ask(server, '/upload?name=a.png', sent)).status, origin).toBe(403);
    }
    expect(await knock(server, known), 'no origin').toBe(403);
    expect((await ask(server, '/upload?name=a.png', { method: 'POST', headers: known })).status).toBe(403);
    expect(await knock(server, { ...known, origin: ownOrigin(server) }, '/other')).toBe(403);
  });

  test('cannot show the studio’s pictures or scripts as its own', async () => {
    const { server } = await served();
    const known = await enter(server);
    const embedded = { ...known, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' };
    expect((await ask(server, '/assets/main-1a2b.js', { headers: embedded })).status).toBe(403);
    const own = { ...known, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors' };
    const script = await ask(server, '/assets/main-1a2b.js', { headers: own });
    expect(script.status).toBe(200);
    expect(script.headers['cross-origin-resource-policy']).toBe('same-origin');
  });
});

describe('the page', () => {
  test('comes with the strict content policy, and hashed files are kept', async () => {
    const { server } = await served();
    const known = await enter(server);
    const page = await ask(server, '/', { headers: known });
    const policy = page.headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/https?:|unsafe/);
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    expect(page.headers['cache-control']).toBe('no-cache');

    const script = await ask(server, '/assets/main-1a2b.js', { headers: known });
    expect(script.headers['content-type']).toMatch(/^text\/javascript/);
    expect(script.headers['cache-control']).toContain('immutable');
    const again = { ...known, 'if-none-match': script.headers.etag ?? '' };
    expect((await ask(server, '/assets/main-1a2b.js', { headers: again })).status).toBe(304);
    const head = await ask(server, '/', { method: 'HEAD', headers: known });
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });

  test('is all there is: no path leads to another file', async () => {
    const { server } = await served();
    const known = await enter(server);
    const paths = [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/assets/..\\..\\secret.txt',
      '//secret.txt',
      '/.hidden.html',
      '/assets/',
      '/assets',
      '/media/../secret.txt',
      '/media/picture/..%2f..%2fstudio.db',
      '/media/studio.db',
    ];
    for (const path of paths) {
      const answer = await ask(server, path, { headers: known });
      expect(answer.status, path).toBe(404);
      expect(answer.body.toString(), path).not.toContain('secret');
    }
  });

  test('is read, never written', async () => {
    const { server } = await served();
    const known = { ...(await enter(server)), origin: ownOrigin(server) };
    for (const method of ['PUT', 'DELETE', 'PATCH', 'POST', 'OPTIONS']) {
      expect((await ask(server, '/', { method, headers: known })).status, method).toBe(405);
    }
  });
});

test('a picture is served under its address, and kept by the browser', async () => {
  const { server, studio } = await served();
  const known = await enter(server);
  const { datasetId } = await sampleDataset(studio, 20);
  const [first] = studio.datasets.pictures(datasetId, 0, 1).items;
  const path = `/media/${mediaAddress.picture(first?.id ?? '')}`;
  const answer = await ask(server, path, { headers: known });
  expect(answer.status).toBe(200);
  expect(answer.headers['cache-control']).toContain('immutable');
  const { width } = await sharp(answer.body).metadata();
  expect(width).toBeGreaterThan(0);
  const again = { ...known, 'if-none-match': answer.headers.etag ?? '' };
  expect((await ask(server, path, { headers: again })).status).toBe(304);
  expect((await ask(server, '/media/picture/none', { headers: known })).status).toBe(404);
});

describe('uploading', () => {
  const png = (shade: number) =>
    sharp({ create: { width: 30, height: 30, channels: 3, background: { r: shade, g: 0, b: 0 } } })
      .png()
      .toBuffer();

  test('files of a folder become a dataset, through the contract on the WebSocket', async () => {
    const { server } = await served();
    const known = await enter(server);
    const headers = { ...known, origin: ownOrigin(server) };
    const client = await call(server, known);

    let uploadId = '';
    for (const [index, name] of ['cats/1.png', 'cats/2.png', 'dogs/a b.png'].entries()) {
      const path = `/upload?name=${encodeURIComponent(name)}&id=${uploadId}`;
      const answer = await ask(server, path, { method: 'POST', headers, body: await png(index * 80) });
      expect(answer.status, answer.body.toString()).toBe(200);
      const received = JSON.parse(answer.body.toString()) as { uploadId: string; files: number };
      expect(received.files).toBe(index + 1);
      ({ uploadId } = received);
    }
    const project = await client.projects.create({ name: 'Animals' });
    const source = { kind: 'upload', uploadId } as const;
    const { datasetId, job } = await client.datasets.import({
      projectId: project.id,
      name: 'Animals',
      source,
    });
    for await (const update of await client.jobs.watch()) {
      if (update.id === job.id && update.state !== 'running') {
        expect(update.failure).toBeNull();
        break;
      }
    }
    const dataset = await client.datasets.get({ id: datasetId });
    expect(dataset.pictures).toBe(3);
    expect(dataset.classes.map(({ name }) => name).sort()).toEqual(['cats', 'dogs']);
  });

  test('a name that leads elsewhere is refused with a named error, and nothing is written', async () => {
    const { server, workspace } = await served();
    const headers = { ...(await enter(server)), origin: ownOrigin(server) };
    for (const name of [
      '../a.png',
      'a/../../b.png',
      '/etc/a.png',
      'C:\\a.png',
      'a\\..\\b.png',
      '',
      '.',
      'a\u0000b',
    ]) {
      const path = `/upload?name=${encodeURIComponent(name)}`;
      const answer = await ask(server, path, { method: 'POST', headers, body: Buffer.from('x') });
      expect(answer.status, name).toBe(422);
      expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'input-invalid' });
    }
    expect(await readdir(join(workspace, 'uploads')).catch(() => [])).toEqual([]);
    expect(uploadPath('./a//b.png')).toBe('a/b.png');
  });

  test('a file over the limit is refused, announced or not, and leaves nothing', async () => {
    const { server, workspace } = await served({ uploadLimitBytes: 1000 });
    const headers = { ...(await enter(server)), origin: ownOrigin(server) };
    const announced = { method: 'POST', headers: { ...headers, 'content-length': '2000' } };
    const streamed = { method: 'POST', headers: { ...headers, 'transfer-encoding': 'chunked' } };
    for (const options of [announced, streamed]) {
      const answer = await ask(server, '/upload?name=a.png', { ...options, body: Buffer.alloc(2000) });
      expect(answer.status).toBe(422);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        code: 'input-invalid',
        details: { limitBytes: 1000 },
      });
    }
    const kept = await readdir(join(workspace, 'uploads'), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    expect(kept.filter((entry) => entry.isFile())).toEqual([]);
  });
});

test('an upload that breaks off leaves nothing, and the next one works', async () => {
  const { server, workspace } = await served();
  const headers = { ...(await enter(server)), origin: ownOrigin(server) };
  const { hostname, port } = new URL(server.url);
  const path = '/upload?name=a.png';
  const sent = request({
    hostname,
    port,
    path,
    method: 'POST',
    headers: { ...headers, 'content-length': 5000 },
  });
  sent.on('error', () => {});
  sent.write(Buffer.alloc(1000));
  const files = async () =>
    (
      await readdir(join(workspace, 'uploads'), { recursive: true, withFileTypes: true }).catch(() => [])
    ).filter((entry) => entry.isFile());
  await expect.poll(files).toHaveLength(1);
  sent.destroy();
  await expect.poll(files).toHaveLength(0);
  const answer = await ask(server, path, { method: 'POST', headers, body: Buffer.alloc(10) });
  expect(answer.status).toBe(200);
});

describe('where it listens', () => {
  test('an address that is not this machine is refused', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.0.0.1.example.org', '']) {
      await expect(served({ host }), host).rejects.toMatchObject({
        code: 'input-invalid',
        message: expect.stringContaining('this machine only'),
      });
    }
  });

  test('a port that is taken is named, with what to do', async () => {
    const { server } = await served();
    const port = Number(new URL(server.url).port);
    await expect(served({ port })).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining(`Port ${port} is taken`),
    });
  });

  test('closing ends open WebSockets and frees the port', async () => {
    const { server } = await served();
    const known = await enter(server);
    const socket = await knock(server, { ...known, origin: ownOrigin(server) });
    if (typeof socket === 'number') throw new Error('refused');
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await server.close();
    expect(await closed).toBe(1001);
    await expect(ask(server, '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readdir } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { downloadOptionsSchema, type DownloadOptions } from '../../src-main/contract/domain/sources.ts';
import { isPublicAddress } from '../../src-main/imaging/addresses.ts';
import { createDownloader, forgetDownload, shownAddress } from '../../src-main/imaging/downloads.ts';
import { retryAfterMs } from '../../src-main/imaging/http-get.ts';
import { isAllowed, parseRobots } from '../../src-main/imaging/robots.ts';
import type { OpenedSource, SourceItem } from '../../src-main/imaging/source-picture.ts';
import { addressesOf, openUrls } from '../../src-main/imaging/url-list.ts';
import { pngOf } from '../fixtures/pictures.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback; `seen` are the paths that were asked for. */
async function serve(answer: Answer): Promise<{ at: string; port: number; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { at: `http://127.0.0.1:${port}`, port, seen };
}

const options = (of: Partial<DownloadOptions> = {}): DownloadOptions => ({
  ...downloadOptionsSchema.parse({}),
  allowPrivate: true,
  retries: 0,
  ...of,
});
const { signal } = new AbortController();
const fetching = (url: string, of: Partial<DownloadOptions> = {}) =>
  createDownloader(options(of), temporaryFolder()).fetch(url, signal);
const picture = await pngOf(1);
const sendPicture: Answer = (_request, response) => void response.end(picture);

test('the picture at an address comes as it is, and the server is told who asks', async () => {
  let agent: string | undefined;
  const { at } = await serve((request, response) => {
    agent = request.headers['user-agent'];
    response.end(picture);
  });
  expect((await fetching(`${at}/a.png`)).equals(picture)).toBe(true);
  expect(agent).toMatch(/^ImagoStudio /);
});

describe('addresses that are not public are refused', () => {
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '::1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'nonsense',
  ])('%s', (address) => expect(isPublicAddress(address)).toBe(false));
  test.each(['8.8.8.8', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('%s is public', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );

  test.each([
    (port: number) => `http://127.0.0.1:${port}/`,
    (port: number) => `http://localhost:${port}/`,
    (port: number) => `http://2130706433:${port}/`,
    (port: number) => `http://0x7f.1:${port}/`,
    (port: number) => `http://[::ffff:127.0.0.1]:${port}/`,
    (port: number) => `http://[::1]:${port}/`,
  ])('however this computer is written (%#)', async (addressAt) => {
    const { port, seen } = await serve(sendPicture);
    await expect(fetching(addressAt(port), { allowPrivate: false })).rejects.toMatchObject({
      code: 'file-unreadable',
      details: { reason: 'address-private' },
    });
    expect(seen).toEqual([]);
  });

  // For these, 127.0.0.1 stands for a public server; everything else is judged as it is.
  const asIfPublic = (address: string) => address === '127.0.0.1' || isPublicAddress(address);

  test.each([
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://127.0.0.2/',
    '//192.168.0.1/x.png',
  ])('a redirect to %s', async (location) => {
    const { at } = await serve((_request, response) => void response.writeHead(302, { location }).end());
    const downloader = createDownloader(options(), temporaryFolder(), { mayConnect: asIfPublic });
    await expect(downloader.fetch(`${at}/a.png`, signal)).rejects.toMatchObject({
      details: { file: `${at}/a.png`, reason: 'address-private' },
    });
  });

  test('a name that first leads to a public address and then to a private one', async () => {
    const { port, seen } = await serve((request, response) => {
      response.setHeader('connection', 'close');
      if (request.url === '/first') response.writeHead(302, { location: '/second' }).end();
      else response.end(picture);
    });
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    const downloader = createDownloader(options(), temporaryFolder(), { mayConnect: asIfPublic, resolve });
    await expect(downloader.fetch(`http://rebinding.test:${port}/first`, signal)).rejects.toMatchObject({
      details: { reason: 'address-private' },
    });
    expect(seen).toEqual(['/first']);
  });

  test('a name that leads to a public and a private address at once', async () => {
    const resolve = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    const downloader = createDownloader(options(), temporaryFolder(), { mayConnect: asIfPublic, resolve });
    await expect(downloader.fetch('http://both.test/', signal)).rejects.toMatchObject({
      details: { reason: 'address-private' },
    });
  });
});

describe('only what is wanted is fetched', () => {
  test.each(['file:///etc/passwd', 'ftp://host/a.png', 'data:image/png;base64,AAAA', 'picture.png'])(
    '%s is no web address',
    async (url) => {
      await expect(fetching(url)).rejects.toMatchObject({ details: { reason: 'address-scheme' } });
    },
  );

  test('a redirect to another scheme', async () => {
    const { at } = await serve(
      (_request, response) => void response.writeHead(301, { location: 'file:///etc/passwd' }).end(),
    );
    await expect(fetching(at)).rejects.toMatchObject({ details: { reason: 'address-scheme' } });
  });

  test('redirects without an end', async () => {
    const { at, seen } = await serve(
      (request, response) => void response.writeHead(302, { location: `${request.url}x` }).end(),
    );
    await expect(fetching(at)).rejects.toMatchObject({ details: { reason: 'redirects' } });
    expect(seen).toHaveLength(6);
  });

  test('a body that never ends is cut at the size limit', async () => {
    const { at } = await serve((_request, response) => {
      response.write(picture);
      const chunk = Buffer.alloc(64 * 1024);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    await expect(fetching(at, { largestBytes: 1024 * 1024 })).rejects.toMatchObject({
      details: { reason: 'too-large' },
    });
  });

  test('a body that says it is too large is not begun', async () => {
    const { at } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': String(10 ** 9) });
      response.write(picture);
    });
    await expect(fetching(at, { largestBytes: 4096 })).rejects.toMatchObject({
      details: { reason: 'too-large' },
    });
  });

  test('a body that comes drop by drop is given up at the time limit', async () => {
    const { at } = await serve((_request, response) => {
      response.write(picture.subarray(0, 100));
      const timer = setInterval(() => response.write(Buffer.of(0)), 50);
      response.on('close', () => clearInterval(timer));
    });
    await expect(fetching(at, { timeoutSeconds: 1 })).rejects.toMatchObject({
      details: { reason: 'gave-up' },
    });
  });

  test.each<[string, string, Buffer]>([
    [
      'a film called a picture',
      'image/png',
      Buffer.concat([Buffer.from('\x1aE\xdf\xa3', 'latin1'), Buffer.alloc(9000, 7)]),
    ],
    ['a text called a picture', 'image/jpeg', Buffer.from('not a picture at all')],
    ['nothing', 'image/png', Buffer.alloc(0)],
  ])('%s is told by its bytes', async (_name, type, body) => {
    const { at } = await serve(
      (_request, response) => void response.writeHead(200, { 'content-type': type }).end(body),
    );
    await expect(fetching(at)).rejects.toMatchObject({ details: { reason: 'not-a-picture' } });
  });

  test('a picture called something else is one all the same', async () => {
    const { at } = await serve(
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end(picture),
    );
    expect((await fetching(at)).equals(picture)).toBe(true);
  });

  test('a server that says no', async () => {
    const { at, seen } = await serve((_request, response) => void response.writeHead(404).end());
    await expect(fetching(at, { retries: 3 })).rejects.toMatchObject({
      details: { reason: 'http-status', status: 404 },
    });
    expect(seen).toHaveLength(1);
  });
});

describe('trying again', () => {
  test('a server that fails for a while is asked again', async () => {
    let asked = 0;
    const { at } = await serve((_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end();
      else if (asked === 2) response.destroy();
      else response.end(picture);
    });
    expect((await fetching(at, { retries: 3 })).equals(picture)).toBe(true);
    expect(asked).toBe(3);
  });

  test('not before the time that the server names', async () => {
    const asked: number[] = [];
    const { at } = await serve((_request, response) => {
      asked.push(Date.now());
      if (asked.length === 1) response.writeHead(429, { 'retry-after': '2' }).end();
      else response.end(picture);
    });
    await fetching(at, { retries: 1 });
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(1990);
  });

  test('a server that wants an hour is left alone', async () => {
    const { at, seen } = await serve(
      (_request, response) => void response.writeHead(429, { 'retry-after': '3600' }).end(),
    );
    await expect(fetching(at, { retries: 5 })).rejects.toMatchObject({ details: { status: 429 } });
    expect(seen).toHaveLength(1);
  });

  test('a date counts as well as seconds', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
    expect(retryAfterMs('7', now)).toBe(7000);
    expect(retryAfterMs('soon', now)).toBe(0);
  });
});

test('no host is asked for more than two pictures at once', async () => {
  let [open, most] = [0, 0];
  const { at } = await serve((_request, response) => {
    open += 1;
    most = Math.max(most, open);
    setTimeout(() => {
      open -= 1;
      response.end(picture);
    }, 30);
  });
  const downloader = createDownloader(options({ concurrency: 8 }), temporaryFolder());
  await Promise.all(
    Array.from({ length: 10 }, (_unused, index) => downloader.fetch(`${at}/${index}`, signal)),
  );
  expect(most).toBe(2);
});

test('a cancelled download stops at once', async () => {
  const { at } = await serve((_request, response) => void response.write(picture.subarray(0, 100)));
  const abort = new AbortController();
  const downloading = createDownloader(options({ retries: 9 }), temporaryFolder()).fetch(at, abort.signal);
  setTimeout(() => abort.abort(new Error('enough')), 100);
  await expect(downloading).rejects.toThrow('enough');
});

describe('pages', () => {
  const site = (
    robots: Answer,
    page = '<html><head><meta property="og:image" content="/the%20one.png?a=1&amp;b=2"></head>',
  ) =>
    serve((request, response) => {
      if (request.url === '/robots.txt') robots(request, response);
      else if (request.url?.startsWith('/page'))
        response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      else response.end(picture);
    });
  const says =
    (text: string): Answer =>
    (_request, response) =>
      void response.end(text);
  const notThere: Answer = (_request, response) => void response.writeHead(404).end();

  test('a page is followed to the picture that it names as its own', async () => {
    const { at, seen } = await site(notThere);
    expect((await fetching(`${at}/page`)).equals(picture)).toBe(true);
    expect(seen).toEqual(['/page', '/robots.txt', '/the%20one.png?a=1&b=2']);
  });

  test('robots.txt is asked once for a site', async () => {
    const { at, seen } = await site(notThere);
    const downloader = createDownloader(options(), temporaryFolder());
    for (const page of ['/page1', '/page2']) await downloader.fetch(at + page, signal);
    expect(seen.filter((path) => path === '/robots.txt')).toHaveLength(1);
  });

  test.each<[string, Answer]>([
    ['the page is not for programs', says('User-agent: *\nDisallow: /page')],
    ['the picture is not for programs', says('User-agent: *\nDisallow: /*.png')],
    ['we are named', says('User-agent: *\nAllow: /\n\nUser-agent: imagostudio\nDisallow: /')],
    ['robots.txt fails', (_request, response) => void response.writeHead(500).end()],
  ])('it is not followed where %s', async (_name, robots) => {
    const { at } = await site(robots);
    await expect(fetching(`${at}/page`)).rejects.toMatchObject({ details: { reason: 'robots' } });
  });

  test('a picture that was named by the list itself needs no robots.txt', async () => {
    const { at, seen } = await site(says('User-agent: *\nDisallow: /'));
    await fetching(`${at}/a.png`);
    expect(seen).toEqual(['/a.png']);
  });

  test('a page without a picture of its own', async () => {
    const { at } = await site(notThere, '<!doctype html><img src="/x.png">');
    await expect(fetching(`${at}/page`)).rejects.toMatchObject({
      details: { reason: 'page-without-picture' },
    });
  });
});

test('the longest rule of robots.txt decides', () => {
  const robots = parseRobots(
    'User-agent: a\nUser-agent: *\nDisallow: /x\nAllow: /x/y$\nAllow: /x/*/z\n',
    'ImagoStudio',
  );
  const may = (path: string) => isAllowed(robots, new URL(path, 'http://host'));
  expect(['/', '/x', '/x/y', '/x/yy', '/x/1/2/z9'].map(may)).toEqual([true, false, true, false, true]);
});

describe('a list', () => {
  const list = (urls: string, cacheFolder: string) =>
    openUrls(
      { kind: 'urls', urls, download: options() },
      { cacheFolder, newFolder: async () => temporaryFolder(), signal },
    );
  const itemsOf = async (source: OpenedSource) => {
    const items: SourceItem[] = [];
    for await (const item of source.items(signal)) items.push(item);
    return items;
  };

  test('has an address in each line; comments, empty lines and repetitions are passed over', async () => {
    const text = '\uFEFF# photos\r\nhttp://a/1.png\r\n\r\n  http://a/2.png  \nhttp://a/1.png\n';
    expect(addressesOf(text)).toEqual(['http://a/1.png', 'http://a/2.png', 'http://a/1.png']);
    const source = await list(text, temporaryFolder());
    expect(source).toMatchObject({ kind: 'urls', total: 2, location: 'a' });
    expect(source.ignored()).toBe(1);
    expect((await itemsOf(source)).map(({ name, rights }) => [name, rights])).toEqual([
      ['http://a/1.png', { url: 'http://a/1.png' }],
      ['http://a/2.png', { url: 'http://a/2.png' }],
    ]);
  });

  test('without an address is refused', async () => {
    await expect(list('hello\nworld', temporaryFolder())).rejects.toMatchObject({ code: 'input-invalid' });
  });

  test('that was cut off goes on where it was, and leaves nothing when it is through', async () => {
    const cache = temporaryFolder();
    let isBroken = true;
    const { at, seen } = await serve((request, response) => {
      if (isBroken && request.url === '/2.png') response.destroy();
      else response.end(picture);
    });
    const readAll = async () => {
      const source = await list(`${at}/1.png\n${at}/2.png`, cache);
      const read = (await itemsOf(source)).map(({ content }) =>
        content.kind === 'file' ? content.read(signal) : null,
      );
      return { source, settled: await Promise.allSettled(read) };
    };
    expect((await readAll()).settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    isBroken = false;
    const { source, settled } = await readAll();
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(seen.sort()).toEqual(['/1.png', '/2.png', '/2.png']);
    await source.taken?.();
    const left = await readdir(cache, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toEqual([]);
  });
});

test('a password in an address is not shown, and forgetting what is not there is no error', async () => {
  expect(shownAddress('https://me:secret@host/a.png')).toBe('https://host/a.png');
  await forgetDownload('http://a/b', temporaryFolder());
});

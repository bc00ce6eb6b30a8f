import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { DownloadOptions } from '../contract/domain/sources.ts';
import { StudioError } from '../contract/errors.ts';
import { isPublicAddress, resolveBySystem, type MayConnect, type Resolve } from './addresses.ts';
import { DownloadFailure, httpGet, openConnections, type Got } from './http-get.ts';
import { sniffPicture } from './picture-format.ts';
import {
  everythingAllowed,
  isAllowed,
  nothingAllowed,
  parseRobots,
  robotsBytes,
  type Robots,
} from './robots.ts';
import type { ReaderContext } from './source-picture.ts';

/** What groups of a robots.txt may call us. */
const productToken = 'ImagoStudio';
const userAgent = `${productToken} (pictures for a dataset, one for each address of a list)`;

/** No host is asked for more at once, however much runs in all. */
const atOncePerHost = 2;
const firstWaitMs = 500;
const longestWaitMs = 30_000;
/** A host that wants to be left alone for longer is left alone. */
const longestRetryAfterMs = 120_000;
const largestPageBytes = 4 * 1024 * 1024;

export interface Downloader {
  /**
   * The picture at an address, from the cache where an earlier attempt has put it.
   *
   * @throws StudioError `file-unreadable` naming the address; the reason of `signal`
   */
  fetch(url: string, signal: AbortSignal): Promise<Buffer>;
}

/** An address as it may be shown and kept: without a name and a password. */
export function shownAddress(url: string): string {
  if (!URL.canParse(url)) return url.slice(0, 500);
  const shown = new URL(url);
  [shown.username, shown.password] = ['', ''];
  return shown.href;
}

/** Where a download waits for the import that it is for, and for the next attempt when that is cut off. */
const cachedPath = (cacheFolder: string, url: string): string => {
  const key = createHash('sha256').update(url).digest('hex');
  return join(cacheFolder, key.slice(0, 2), key);
};

/** Removes what was kept of an address, once its picture is stored elsewhere. */
export const forgetDownload = (url: string, cacheFolder: string): Promise<void> =>
  rm(cachedPath(cacheFolder, url), { force: true });

/** At most so many at once; the others wait their turn. */
function turnstile(places: number): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** What is remembered of a host while a list is downloaded. */
interface Host {
  inTurn: ReturnType<typeof turnstile>;
  /** Asked to be left alone until then. */
  notBefore: number;
  robots: Promise<Robots> | null;
}

/**
 * Downloads pictures politely: few at a time, fewer from one host, trying again with growing pauses and as late as
 * a server asks for, and never connecting to private addresses unless that is allowed.
 *
 * An address that answers with a web page is followed to the one picture that the page names as its own
 * (`og:image`), where the robots.txt of both allows it.
 */
export function createDownloader(
  options: DownloadOptions,
  cacheFolder: string,
  {
    mayConnect = options.allowPrivate ? () => true : isPublicAddress,
    resolve = resolveBySystem,
  }: { mayConnect?: MayConnect; resolve?: Resolve } = {},
): Downloader {
  const connections = openConnections(mayConnect, resolve);
  const inTurn = turnstile(options.concurrency);
  const hosts = new Map<string, Host>();
  const hostOf = (url: URL): Host => {
    const found = hosts.get(url.host) ?? { inTurn: turnstile(atOncePerHost), notBefore: 0, robots: null };
    hosts.set(url.host, found);
    return found;
  };

  const getOnce = (url: URL, signal: AbortSignal, kind: 'picture' | 'robots') => {
    const host = hostOf(url);
    return host.inTurn(async () => {
      const waitMs = host.notBefore - Date.now();
      if (waitMs > 0) await setTimeout(waitMs, undefined, { signal });
      return httpGet(url, connections, {
        largestBytes: kind === 'picture' ? options.largestBytes : robotsBytes,
        timeoutMs: options.timeoutSeconds * 1000,
        userAgent,
        accept: kind === 'picture' ? 'image/*,text/html;q=0.5' : 'text/plain',
        signal,
        ...(kind === 'picture' ? { judge: judgePicture } : {}),
      });
    });
  };

  const get = async (url: URL, signal: AbortSignal, kind: 'picture' | 'robots'): Promise<Got> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await getOnce(url, signal, kind);
      } catch (thrown) {
        signal.throwIfAborted();
        const retry = thrown instanceof DownloadFailure ? thrown.retry : null;
        if (!retry || attempt >= options.retries || retry.afterMs > longestRetryAfterMs) throw thrown;
        // Half of the pause is left to chance, so that what failed together does not come back together.
        const pauseMs = Math.min(longestWaitMs, firstWaitMs * 2 ** attempt) * (0.5 + Math.random() / 2);
        if (retry.afterMs > 0) hostOf(url).notBefore = Date.now() + retry.afterMs;
        await setTimeout(Math.max(retry.afterMs, pauseMs), undefined, { signal });
      }
    }
  };

  /** RFC 9309: a file that is not there allows everything; a server that fails allows nothing. */
  const robotsOf = (url: URL, signal: AbortSignal): Promise<Robots> => {
    const host = hostOf(url);
    host.robots ??= get(new URL('/robots.txt', url), signal, 'robots').then(
      ({ bytes }) => parseRobots(bytes.toString('utf8'), productToken),
      (thrown: unknown) => {
        if (signal.aborted) host.robots = null;
        const isAbsent = thrown instanceof DownloadFailure && thrown.status >= 400 && thrown.status < 500;
        return isAbsent ? everythingAllowed : nothingAllowed;
      },
    );
    return host.robots;
  };

  const requireAllowed = async (url: URL, signal: AbortSignal): Promise<void> => {
    const robots = await robotsOf(url, signal);
    signal.throwIfAborted();
    if (!isAllowed(robots, url))
      throw new DownloadFailure('robots', `the robots.txt of “${url.host}” asks not to`);
  };

  const download = async (url: URL, signal: AbortSignal): Promise<Buffer> => {
    const got = await get(url, signal, 'picture');
    if (!isPage(got.bytes, got.contentType)) return got.bytes;
    await requireAllowed(got.url, signal);
    const named = pictureOfPage(got.bytes.toString('utf8'), got.url);
    if (!named) throw new DownloadFailure('page-without-picture', 'it is a page that names no picture');
    await requireAllowed(named, signal);
    const picture = await get(named, signal, 'picture');
    if (!isPage(picture.bytes, picture.contentType)) return picture.bytes;
    throw new DownloadFailure('page-without-picture', 'the picture that it names is a page again');
  };

  return {
    async fetch(url, signal) {
      const cached = cachedPath(cacheFolder, url);
      const kept = await readFile(cached).catch(() => null);
      if (kept) return kept;
      let bytes: Buffer;
      try {
        if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
          throw new DownloadFailure('address-scheme', 'it is no http or https address');
        }
        bytes = await inTurn(() => download(new URL(url), signal));
      } catch (thrown) {
        signal.throwIfAborted();
        throw unreadable(url, thrown);
      }
      await keep(cached, bytes);
      return bytes;
    },
  };
}

/** There whole or not at all; a full disk only means that the next attempt fetches it again. */
async function keep(path: string, bytes: Buffer): Promise<void> {
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(partial, bytes);
    await rename(partial, path);
  } catch {
    await rm(partial, { force: true });
  }
}

const isPage = (bytes: Buffer, contentType: string): boolean =>
  sniffPicture(bytes).kind !== 'picture' &&
  (/^\s*text\/html|^\s*application\/xhtml/i.test(contentType) ||
    /^\s*(<!doctype html|<html[\s>])/i.test(bytes.toString('utf8', 0, 512)));

/** What a server calls it counts for nothing: the first bytes say what it is. */
function judgePicture(head: Buffer, contentType: string): void {
  const sniffed = sniffPicture(head);
  if (sniffed.kind === 'picture' || sniffed.kind === 'unsupported') return;
  if (!isPage(head, contentType)) throw new DownloadFailure('not-a-picture', 'it is not a picture');
}

/** The picture that a page names as its own: https://ogp.me */
function pictureOfPage(html: string, page: URL): URL | null {
  for (const [tag] of html.slice(0, largestPageBytes).matchAll(/<(?:meta|link)\s[^>]{1,4000}>/gi)) {
    const attribute = (name: string) =>
      new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i')
        .exec(tag)
        ?.slice(1)
        .find(Boolean);
    const isPicture =
      /^(og:image(:secure_url|:url)?|twitter:image)$/i.test(
        attribute('property') ?? attribute('name') ?? '',
      ) || /^image_src$/i.test(attribute('rel') ?? '');
    const address = (attribute('content') ?? attribute('href'))?.replaceAll('&amp;', '&');
    if (isPicture && address && URL.canParse(address, page)) return new URL(address, page);
  }
  return null;
}

function unreadable(url: string, thrown: unknown): StudioError {
  const file = shownAddress(url);
  if (!(thrown instanceof DownloadFailure)) {
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    return new StudioError(
      'file-unreadable',
      `“${file}” cannot be read: ${cause}.`,
      { file, reason: 'unreachable', cause },
      thrown,
    );
  }
  const { trouble, status, message } = thrown;
  return new StudioError(
    'file-unreadable',
    `“${file}” cannot be read: ${message}.`,
    {
      file,
      reason: trouble,
      ...(trouble === 'http-status' ? { status } : {}),
      ...(trouble === 'unreachable' ? { cause: message } : {}),
    },
    thrown,
  );
}

/**
 * {@link Downloader}`.fetch` for a reader whose rows name addresses; to be made once for an import, so that each host
 * is known over all of its pictures.
 */
export function pictureFetcher(
  options: DownloadOptions,
  { cacheFolder }: ReaderContext,
): (url: string, signal: AbortSignal) => Promise<Buffer> {
  return createDownloader(options, cacheFolder).fetch;
}

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { guardedLookup, requireConnectable, type MayConnect, type Resolve } from './addresses.ts';

/** Why nothing came, by a word that the renderer knows. */
export type DownloadTrouble =
  | 'address-private'
  | 'address-scheme'
  | 'gave-up'
  | 'http-status'
  | 'not-a-picture'
  | 'page-without-picture'
  | 'redirects'
  | 'robots'
  | 'too-large'
  | 'unreachable';

/** One attempt that failed. */
export class DownloadFailure extends Error {
  readonly trouble: DownloadTrouble;
  /** Whether trying again later may help, and when at the earliest, in milliseconds from now. */
  readonly retry: { afterMs: number } | null;
  readonly status: number;

  constructor(
    trouble: DownloadTrouble,
    message: string,
    {
      retry = null,
      status = 0,
      cause,
    }: { retry?: { afterMs: number } | null; status?: number; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.trouble = trouble;
    this.retry = retry;
    this.status = status;
  }
}

/** Keeps connections, each of which led to an address that was judged when it was opened. */
export interface Connections {
  http: HttpAgent;
  https: HttpsAgent;
  mayConnect: MayConnect;
  resolve: Resolve;
}

export const openConnections = (mayConnect: MayConnect, resolve: Resolve): Connections => ({
  http: new HttpAgent({ keepAlive: true, timeout: 10_000 }),
  https: new HttpsAgent({ keepAlive: true, timeout: 10_000 }),
  mayConnect,
  resolve,
});

export interface GetOptions {
  largestBytes: number;
  timeoutMs: number;
  userAgent: string;
  accept: string;
  signal: AbortSignal;
  /** Looks at the beginning, some hundred bytes or all; throws to have the rest left alone. */
  judge?(head: Buffer, contentType: string): void;
}

export interface Got {
  /** Where the redirects led. */
  url: URL;
  contentType: string;
  bytes: Buffer;
}

const largestRedirects = 5;
const headBytes = 512;
const retriedStatus = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Gets an address over http or https, following a few redirects; every address on the way is judged where it is
 * connected to.
 *
 * @throws DownloadFailure; the reason of `signal` when that aborts
 */
export async function httpGet(address: URL, connections: Connections, options: GetOptions): Promise<Got> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const until = AbortSignal.any([options.signal, deadline]);
  let url = address;
  try {
    for (let redirects = 0; redirects <= largestRedirects; redirects += 1) {
      const response = await answerOf(url, connections, options, until);
      const next = redirectOf(response, url);
      if (!next) return { url, ...(await bodyOf(response, options)) };
      response.destroy();
      url = next;
    }
    throw new DownloadFailure('redirects', `“${address.host}” leads from address to address without an end`);
  } catch (thrown) {
    options.signal.throwIfAborted();
    if (deadline.aborted) {
      throw new DownloadFailure('gave-up', 'it did not come within the time limit', {
        retry: { afterMs: 0 },
        cause: thrown,
      });
    }
    throw troubleOf(thrown);
  }
}

function answerOf(
  url: URL,
  { http, https, mayConnect, resolve }: Connections,
  { userAgent, accept }: GetOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new DownloadFailure('address-scheme', `“${url.protocol}” is not http or https`);
  }
  requireConnectable(url.hostname, mayConnect);
  const isSecure = url.protocol === 'https:';
  return new Promise((resolveAnswer, reject) => {
    const request = (isSecure ? httpsRequest : httpRequest)(url, {
      agent: isSecure ? https : http,
      lookup: guardedLookup(mayConnect, resolve),
      signal,
      // Compressed answers could unpack to anything.
      headers: { 'user-agent': userAgent, accept, 'accept-encoding': 'identity' },
    });
    request.once('response', resolveAnswer);
    request.once('error', reject);
    request.end();
  });
}

/** Where a redirect leads; null where the answer is none. */
function redirectOf({ statusCode = 0, headers }: IncomingMessage, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return null;
  if (!URL.canParse(headers.location, from)) {
    throw new DownloadFailure('redirects', 'it leads to an address that cannot be read');
  }
  return new URL(headers.location, from);
}

async function bodyOf(
  response: IncomingMessage,
  { largestBytes, judge }: GetOptions,
): Promise<{ bytes: Buffer; contentType: string }> {
  const { statusCode: status = 0, headers } = response;
  const contentType = headers['content-type'] ?? '';
  try {
    if (status !== 200) {
      const retry = retriedStatus.has(status) ? { afterMs: retryAfterMs(headers['retry-after']) } : null;
      throw new DownloadFailure('http-status', `the server answered ${status}`, { retry, status });
    }
    const tooLarge = () => new DownloadFailure('too-large', `it is larger than ${largestBytes} bytes`);
    if (Number(headers['content-length'] ?? 0) > largestBytes) throw tooLarge();
    const chunks: Buffer[] = [];
    let [bytes, isJudged] = [0, judge === undefined];
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes > largestBytes) throw tooLarge();
      if (!isJudged && bytes >= headBytes) {
        judge?.(Buffer.concat(chunks), contentType);
        isJudged = true;
      }
    }
    const whole = Buffer.concat(chunks);
    if (!isJudged) judge?.(whole, contentType);
    return { bytes: whole, contentType };
  } finally {
    // What is not wanted any more is not read to its end.
    if (!response.complete) response.destroy();
    else response.resume();
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds, or a date. */
export function retryAfterMs(field: string | undefined, now = Date.now()): number {
  if (field === undefined) return 0;
  if (/^\s*\d+\s*$/.test(field)) return Number(field) * 1000;
  const date = Date.parse(field);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}

/** Failures that pass: a connection cut, a name server or a host that does not answer just now. */
const passing = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

function troubleOf(thrown: unknown): DownloadFailure {
  if (thrown instanceof DownloadFailure) return thrown;
  const named = thrown instanceof AggregateError ? (thrown.errors as unknown[])[0] : thrown;
  const message = named instanceof Error ? named.message : String(named);
  if (named instanceof Error && named.name === 'PrivateAddress') {
    return new DownloadFailure('address-private', message, { cause: thrown });
  }
  const code = named instanceof Error && 'code' in named ? String(named.code) : '';
  const isCut = message === 'aborted' || /socket hang up/.test(message);
  return new DownloadFailure('unreachable', message, {
    retry: passing.has(code) || isCut ? { afterMs: 0 } : null,
    cause: thrown,
  });
}

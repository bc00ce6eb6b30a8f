import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Who may talk to the browser host. An address with a one-time token is exchanged for a cookie that lives as
 * long as this process; both are random, compared in constant time, and never leave this machine.
 */
export interface Access {
  /** The token that opens the door once; a new one stands ready after each use. */
  readonly token: string;
  /** True exactly once for each token. */
  spend(token: string): boolean;
  /** The value of `Set-Cookie` that makes a browser a known one. */
  readonly setCookie: string;
  isKnown(headers: IncomingHttpHeaders): boolean;
}

const secret = () => randomBytes(32).toString('base64url');
const digest = (text: string) => createHash('sha256').update(text).digest();
const equal = (one: string, other: string) => timingSafeEqual(digest(one), digest(other));

export function createAccess(): Access {
  let token = secret();
  const session = secret();
  // Cookies are shared by all ports of a host, so that two studios need two names.
  const cookieName = `imago-${randomBytes(4).toString('hex')}`;
  return {
    get token() {
      return token;
    },
    spend(offered) {
      if (!equal(offered, token)) return false;
      token = secret();
      return true;
    },
    setCookie: `${cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`,
    isKnown(headers) {
      for (const pair of (headers.cookie ?? '').split(';')) {
        const at = pair.indexOf('=');
        if (at > 0 && pair.slice(0, at).trim() === cookieName)
          return equal(pair.slice(at + 1).trim(), session);
      }
      return false;
    },
  };
}

const isLoopbackName = (name: string) =>
  name === 'localhost' || name === '[::1]' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);

/** Whether an address to bind stays on this machine. */
export const isLoopbackAddress = (host: string): boolean => isLoopbackName(host.toLowerCase());

/**
 * Whether a request names this machine as its host. A page of another site whose name was made to resolve to
 * 127.0.0.1 (DNS rebinding) still sends its own name. Any port passes, so that an SSH tunnel works.
 */
export function hasLoopbackHost(headers: IncomingHttpHeaders): boolean {
  const named = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.exec((headers.host ?? '').toLowerCase());
  return named?.[1] !== undefined && isLoopbackName(named[1]);
}

/**
 * Whether a request comes from the studio's own page, or from the user's address line.
 *
 * @param required true where browsers always send `Origin`, so that its absence is refused (WebSocket, POST)
 */
export function isFromOwnPage(headers: IncomingHttpHeaders, required: boolean): boolean {
  const { origin, host } = headers;
  if (origin !== undefined) return origin === `http://${host}`;
  if (required) return false;
  // Pages on other ports of this machine count as the same site, and the cookie goes along with them.
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return true;
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

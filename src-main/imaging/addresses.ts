import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Whether connecting to an IP address is allowed. */
export type MayConnect = (address: string) => boolean;

/** Finds the IP addresses of a name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/**
 * Whether an IP address belongs to the public internet: not to this computer, its network, a link, a group, or a
 * range kept for other purposes (https://www.iana.org/assignments/iana-ipv4-special-registry). IPv4 addresses
 * written as IPv6 count as what they are; ranges that lead to others through a gateway are never public.
 */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'unicast';
}

/** It resolved to somewhere that must not be reached. */
export class PrivateAddress extends Error {
  constructor(hostname: string, address: string) {
    super(`“${hostname}” leads to ${address}, an address of this computer or its own network`);
    this.name = 'PrivateAddress';
  }
}

export const resolveBySystem: Resolve = (hostname) =>
  new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, found) => (error ? reject(error) : resolve(found)));
  });

/** @throws PrivateAddress for a host that is written as an address which must not be reached */
export function requireConnectable(hostname: string, mayConnect: MayConnect): void {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0 && !mayConnect(bare)) throw new PrivateAddress(hostname, bare);
}

/**
 * A lookup for `net.connect` that judges the very addresses which are then connected to, so that a name cannot
 * lead elsewhere between the check and the connection. One private address among several refuses them all.
 */
export function guardedLookup(mayConnect: MayConnect, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (all) => {
        const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
        const found = family === 0 ? all : all.filter((entry) => entry.family === family);
        const refused = found.find(({ address }) => !mayConnect(address));
        const [first] = found;
        if (refused) callback(new PrivateAddress(hostname, refused.address), '', 4);
        else if (!first)
          callback(Object.assign(new Error(`“${hostname}” is not known`), { code: 'ENOTFOUND' }), '', 4);
        else if (options.all) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), '', 4),
    );
  };
}

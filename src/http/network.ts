import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { parseAddress, canonicalizeAddress } from './addresses.js';

/** What all share whose address is not known: none of them has a network of its own. */
const unknownNetwork = '';

/**
 * What one party has to itself: an IPv4 address, or the /64 of an IPv6 address, in which a device changes its address
 * every day.
 */
export function networkOf(address: string): string {
  const bare = parseAddress(address);
  if (bare === undefined) return unknownNetwork;
  const canonical = canonicalizeAddress(bare);
  return isIPv4(canonical) ? canonical : firstBytes(canonical, 8);
}

/**
 * The /48 of an IPv6 address: what one party has at most, with 65,536 networks of its own in it (RFC 6177).
 * @returns undefined for IPv4, and for what is no address.
 */
export function siteOf(address: string): string | undefined {
  const bare = parseAddress(address);
  const canonical = bare === undefined ? '' : canonicalizeAddress(bare);
  return canonical === '' || isIPv4(canonical) ? undefined : firstBytes(canonical, 6);
}

function firstBytes(address: string, count: number): string {
  return ipaddr.IPv6.parse(address).toByteArray().slice(0, count).join('.');
}

import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { parseAddress, canonicalizeAddress } from './addresses.js';

/** Clients without a known address share one network. */
const unknownNetwork = '';

/**
 * The network of one party: an IPv4 address, or the /64 of an IPv6 address, within which devices change their address daily.
 */
export function getNetwork(address: string): string {
  const bare = parseAddress(address);
  if (bare === undefined) return unknownNetwork;
  const canonical = canonicalizeAddress(bare);
  return isIPv4(canonical) ? canonical : formatFirstBytes(canonical, 8);
}

/**
 * The network in which a household or an office gets its addresses, to be shown: the /24 of an IPv4 address, the /48 of an
 * IPv6 address. Empty for what is not an address.
 */
export function getWideNetwork(address: string): string {
  const bare = parseAddress(address);
  if (bare === undefined) return unknownNetwork;
  const canonical = canonicalizeAddress(bare);
  if (isIPv4(canonical)) return `${ipaddr.IPv4.networkAddressFromCIDR(`${canonical}/24`).toString()}/24`;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${canonical}/48`).toRFC5952String()}/48`;
}

/**
 * The /48 of an IPv6 address: the most that one party usually has, with 65,536 networks (RFC 6177).
 * @returns undefined for IPv4, and for what is not an address.
 */
export function getSite(address: string): string | undefined {
  const bare = parseAddress(address);
  const canonical = bare === undefined ? '' : canonicalizeAddress(bare);
  return canonical === '' || isIPv4(canonical) ? undefined : formatFirstBytes(canonical, 6);
}

function formatFirstBytes(address: string, count: number): string {
  return ipaddr.IPv6.parse(address).toByteArray().slice(0, count).join('.');
}

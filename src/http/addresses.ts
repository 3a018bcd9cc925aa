import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

const port = /^\d{1,5}$/;

/**
 * Parses the address of a socket or in X-Forwarded-For, and removes port (Azure sends `192.0.2.1:5678` and
 * `[2001:db8::1]:5678`), brackets and zone id.
 * @returns undefined where it is not an IP address.
 */
export function parseAddress(text: string): string | undefined {
  const given = text.trim();
  if (isIPv4(given)) return given;
  if (isIPv6(given)) return removeZone(given);
  if (given.startsWith('[')) {
    const end = given.indexOf(']');
    const inside = given.slice(1, end);
    const after = given.slice(end + 1);
    const isAddress =
      isIPv6(inside) && (after === '' || (after.startsWith(':') && port.test(after.slice(1))));
    return isAddress ? removeZone(inside) : undefined;
  }
  const colon = given.indexOf(':');
  const host = given.slice(0, colon);
  return colon > 0 && isIPv4(host) && port.test(given.slice(colon + 1)) ? host : undefined;
}

/**
 * The canonical form of an address: RFC 5952; an IPv6 address that stands for an IPv4 address becomes the latter.
 * @param address from `parseAddress`.
 */
export function canonicalizeAddress(address: string): string {
  if (isIPv4(address)) return address;
  const parsed = ipaddr.IPv6.parse(address);
  return extractEmbeddedIPv4(parsed.toByteArray()) ?? parsed.toRFC5952String();
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/** Whether a host, as a URL or a setting names it, is this machine. */
export function isLoopbackHost(host: string): boolean {
  return loopbackHosts.has(host);
}

/** The offset of the IPv4 address in addresses of transition mechanisms. */
const embeddings: readonly { readonly prefix: readonly number[]; readonly at: number }[] = [
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], at: 12 }, // mapped, RFC 4291 §2.5.5.2
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0], at: 12 }, // translated, RFC 2765 §2.1
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], at: 12 }, // NAT64, RFC 6052 §2.1
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 1], at: 12 }, // a network's own NAT64, RFC 8215, with a /96 in it
  { prefix: [0x20, 0x02], at: 2 }, // 6to4, RFC 3056 §2
];
/** RFC 4380 §4: the last four bytes are the client's address with all bits inverted. */
const teredo = [0x20, 0x01, 0, 0];

/**
 * Only mechanisms in which a device cannot choose the IPv4 address. Not ISATAP (RFC 5214 §6.1): there it is in the half of the
 * address that each device chooses.
 */
function extractEmbeddedIPv4(bytes: readonly number[]): string | undefined {
  const begins = (prefix: readonly number[]): boolean => prefix.every((byte, index) => bytes[index] === byte);
  if (begins(teredo)) return formatIPv4(bytes.slice(12).map((byte) => byte ^ 0xff));
  const embedding = embeddings.find(({ prefix }) => begins(prefix));
  if (embedding) return formatIPv4(bytes.slice(embedding.at, embedding.at + 4));
  // IPv4-compatible, RFC 4291 §2.5.5.1; below 0.0.1.0 are only :: and ::1.
  const isCompatible =
    bytes.slice(0, 12).every((byte) => byte === 0) && (bytes[12] ?? 0) + (bytes[13] ?? 0) > 0;
  return isCompatible ? formatIPv4(bytes.slice(12)) : undefined;
}

function formatIPv4(bytes: readonly number[]): string {
  return bytes.join('.');
}

function removeZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}

import ipaddr from 'ipaddr.js';

/**
 * What one party has to itself: an IPv4 address, or the /64 of an IPv6 address, in which a device changes its address
 * every day.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, 8).join('.');
}

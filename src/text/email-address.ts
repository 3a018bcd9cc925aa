import { domainToASCII } from 'node:url';

/** RFC 5321 §4.5.3.1 and RFC 3696's erratum 1690, in octets. */
const maxLocalPartLength = 64;
export const maxEmailAddressLength = 254;

/** The dot-atom of RFC 5322 §3.2.3: no quoted text, and ASCII alone, since many servers have no SMTPUTF8 (RFC 6531). */
const localPartPattern = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/**
 * What `domainToASCII` reads as part of a domain. It drops what follows as in a URL, decodes `%`, and leaves invisible characters
 * out (UTS 46 §4), so that there would be no end of spellings of one address.
 */
const givenDomainPattern =
  /^(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{N}.\u3002\uff0e\uff61\u30fb-])+$/u;
/** RFC 1123 §2.1. */
const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export interface EmailAddress {
  /** As messages are sent to it: the domain in lower case and ASCII, the local part as it was given. */
  readonly text: string;
  /** The form by which addresses are compared and unique: addresses that differ in case alone are one. */
  readonly key: string;
}

/** @returns undefined for what is not an address that a message can be sent to. */
export function parseEmailAddress(given: string): EmailAddress | undefined {
  const at = given.lastIndexOf('@');
  const localPart = given.slice(0, Math.max(at, 0));
  if (localPart.length > maxLocalPartLength || !localPartPattern.test(localPart)) return undefined;
  const givenDomain = given.slice(at + 1);
  if (!givenDomainPattern.test(givenDomain)) return undefined;
  const domain = domainToASCII(givenDomain).toLowerCase();
  if (!isDomain(domain)) return undefined;
  const text = `${localPart}@${domain}`;
  return text.length > maxEmailAddressLength ? undefined : { text, key: text.toLowerCase() };
}

function isDomain(text: string): boolean {
  const labels = text.split('.');
  // A domain of one label is a name in a local network; `localhost` is there for development.
  if (labels.length < 2 && text !== 'localhost') return false;
  // An IPv4 address is no domain.
  return labels.every((label) => labelPattern.test(label)) && /[a-z]/.test(labels.at(-1) ?? '');
}

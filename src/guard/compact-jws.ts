/** A JSON Web Signature in compact form (RFC 7515 §3.1), its parts as they are spelled. */
interface CompactJws {
  readonly header: string;
  readonly payload: string;
  /** Of any spelling: `isSignature` says whether it is one. */
  readonly signature: string;
}

const alphabet = /^[A-Za-z0-9_-]+$/;
/** What a part ends with whose last character has four bits to spare, or two: they are zero (RFC 4648 §3.5). */
const lastOfTwo = /[AQgw]$/;
const lastOfThree = /[AEIMQUYcgkosw048]$/;

/**
 * Whether a text is base64url as RFC 7515 §2 spells it, and not empty. Decoders forgive padding, white space, other
 * characters and trailing bits, so that one token would have thousands of spellings, each a cache entry of its own.
 */
function isBase64url(text: string): boolean {
  if (!alphabet.test(text)) return false;
  switch (text.length % 4) {
    case 1:
      return false;
    case 2:
      return lastOfTwo.test(text);
    case 3:
      return lastOfThree.test(text);
    default:
      return true;
  }
}

/**
 * Whether a text is so many bytes, in their one spelling. OpenSSL verifies RSA-PSS signatures without their leading zero
 * bytes, too, which RFC 8017 §8.1.2 refuses.
 * @param length what `signatureLength` says of the key.
 */
export function isSignature(text: string, length: number): boolean {
  return isBase64url(text) && Math.floor((text.length * 3) / 4) === length;
}

/** @returns undefined for what is not three parts, or not in the one spelling of the two that are signed. */
export function readCompactJws(text: string): CompactJws | undefined {
  const [header = '', payload = '', signature = '', ...others] = text.split('.', 4);
  if (others.length > 0 || !isBase64url(header) || !isBase64url(payload)) return undefined;
  return { header, payload, signature };
}

/**
 * What a header says, before anything vouches for it, spelled as the service spells it: of two members of one name
 * some parsers take the last, and others the first.
 * @returns undefined for anything else.
 */
export function readJwsHeader(part: string): Readonly<Record<string, unknown>> | undefined {
  const text = Buffer.from(part, 'base64url').toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // no JWS, as the caller is told
  }
  if (typeof value !== 'object' || value === null || JSON.stringify(value) !== text) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

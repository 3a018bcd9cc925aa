/** A JSON Web Signature in compact form (RFC 7515 §3.1); its parts are still encoded. */
interface CompactJws {
  readonly header: string;
  readonly payload: string;
  /** Not checked yet: `isSignature` does that. */
  readonly signature: string;
}

const alphabet = /^[A-Za-z0-9_-]+$/;
/** The last characters whose unused bits, four or two, are zero (RFC 4648 §3.5). */
const lastOfTwo = /[AQgw]$/;
const lastOfThree = /[AEIMQUYcgkosw048]$/;

/**
 * Whether a text is canonical base64url (RFC 7515 §2), and not empty. Decoders ignore padding, white space, other
 * characters and trailing bits, so that one token would have thousands of encodings, each with its own cache entry.
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
 * Whether a text is the canonical encoding of a signature of the right length. OpenSSL also verifies RSA-PSS signatures
 * without their leading zero bytes, which RFC 8017 §8.1.2 refuses.
 *
 * Of ECDSA, the two numbers (r, n − s) are as valid a signature as (r, s) (FIPS 186-5 §6.4.2): a token has these two, and
 * other services may sign with either. What is revoked is a session, a user or a client, so the other one is revoked with it.
 * @param length the key's `signatureLength`, in bytes.
 */
export function isSignature(text: string, length: number): boolean {
  return isBase64url(text) && Math.floor((text.length * 3) / 4) === length;
}

/** @returns undefined for a text that does not have three parts, or whose signed parts are not canonical base64url. */
export function readCompactJws(text: string): CompactJws | undefined {
  const [header = '', payload = '', signature = '', ...others] = text.split('.', 4);
  if (others.length > 0 || !isBase64url(header) || !isBase64url(payload)) return undefined;
  return { header, payload, signature };
}

/**
 * Reads a header whose signature is not verified yet. It must be the very JSON that `JSON.stringify` writes, because of
 * two members with one name some parsers take the last and others the first.
 * @returns undefined for anything else.
 */
export function readJwsHeader(part: string): Readonly<Record<string, unknown>> | undefined {
  const text = Buffer.from(part, 'base64url').toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // not JSON
  }
  if (typeof value !== 'object' || value === null || JSON.stringify(value) !== text) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

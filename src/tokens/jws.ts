import {
  constants,
  createHmac,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
  type SigningOptions,
} from 'node:crypto';
import { algorithms, type Algorithm } from './algorithms.js';

/**
 * A JSON Web Signature in compact form (RFC 7515 §3.1), with an algorithm of RFC 7518 §3.1.
 * @param header says by `alg` what the key's algorithm is.
 */
export function signJws(header: object, payload: object, algorithm: Algorithm, key: KeyObject): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  const bytes = Buffer.from(signed, 'latin1');
  const signature =
    optionsOf[algorithm] === undefined
      ? createHmac(hashOf[algorithm], key).update(bytes).digest()
      : sign(hashOf[algorithm], bytes, { key, ...optionsOf[algorithm] });
  return `${signed}.${signature.toString('base64url')}`;
}

/**
 * Whether a signature is this key's.
 * @param signed the first two parts, with the full stop between them.
 */
export function isSignatureOf(
  signed: string,
  signature: Buffer,
  algorithm: Algorithm,
  key: KeyObject,
): boolean {
  const bytes = Buffer.from(signed, 'latin1');
  if (optionsOf[algorithm] === undefined) {
    const expected = createHmac(hashOf[algorithm], key).update(bytes).digest();
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  }
  return verify(hashOf[algorithm], bytes, { key, ...optionsOf[algorithm] }, signature);
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** RFC 7518 §3.4: the two numbers side by side, not in ASN.1. */
const ecdsa: SigningOptions = { dsaEncoding: 'ieee-p1363' };
const rsa: SigningOptions = { padding: constants.RSA_PKCS1_PADDING };
/** RFC 7518 §3.5: a salt as long as the hash. */
const rsaPss: SigningOptions = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};

/** Undefined: an HMAC. */
const optionsOf: Readonly<Record<Algorithm, SigningOptions | undefined>> = {
  ES256: ecdsa,
  ES384: ecdsa,
  ES512: ecdsa,
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsaPss,
  PS384: rsaPss,
  PS512: rsaPss,
  HS256: undefined,
  HS384: undefined,
  HS512: undefined,
};

const hashOf = Object.fromEntries(
  algorithms.map((algorithm) => [algorithm, `sha${algorithm.slice(2)}`]),
) as Readonly<Record<Algorithm, string>>;

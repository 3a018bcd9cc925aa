import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import {
  shortestSecret,
  symmetricAlgorithms,
  type Algorithm,
  type AsymmetricAlgorithm,
  type SymmetricAlgorithm,
} from './algorithms.js';

/** Signs access tokens and verifies them. */
export interface SigningKey {
  /** The token's `kid`. */
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  /** For HS256 and its like the same as `privateKey`. */
  readonly publicKey: KeyObject;
}

/** A key that someone brought cannot be used; the message says why. */
export class KeyImportError extends Error {
  override readonly name = 'KeyImportError';
}

const curves = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' } as const;
const smallestModulus = 2048;
const generatePair = promisify(generateKeyPair);

/** A new random key. RSA takes about half a second, off the event loop. */
export async function generateSigningKey(algorithm: AsymmetricAlgorithm): Promise<SigningKey> {
  const curve = Object.entries(curves).find(([, each]) => each === algorithm)?.[0];
  const { privateKey } = await (curve
    ? generatePair('ec', { namedCurve: curve })
    : generatePair('rsa', { modulusLength: smallestModulus }));
  return asymmetricKey(privateKey, algorithm);
}

/**
 * A key from a file that someone brought: PEM (PKCS #8, SEC 1 or PKCS #1) or a private JWK.
 * @param preferred what an RSA key signs with where it does not say so itself; other kinds of key leave no choice.
 * @throws {KeyImportError}
 */
export function importSigningKey(text: string, preferred: Algorithm): SigningKey {
  const jwk = text.trimStart().startsWith('{') ? parseJwk(text) : undefined;
  let privateKey: KeyObject;
  try {
    privateKey = jwk ? createPrivateKey({ key: jwk, format: 'jwk' }) : createPrivateKey(text);
  } catch (cause) {
    throw new KeyImportError(
      'This is no private key in PEM or JWK form (an encrypted PEM must be decrypted first).',
      {
        cause,
      },
    );
  }
  return asymmetricKey(privateKey, algorithmOf(privateKey, jwk?.['alg'], preferred));
}

/** A key of the ring's table. */
export function openSigningKey(privateJwk: string, algorithm: AsymmetricAlgorithm): SigningKey {
  return asymmetricKey(
    createPrivateKey({ key: JSON.parse(privateJwk) as JsonWebKey, format: 'jwk' }),
    algorithm,
  );
}

/** Shared secrets as keys: one for each algorithm that a secret is long enough for, in the order of the secrets. */
export function sharedKeys(secrets: readonly string[]): SigningKey[] {
  return secrets
    .map((secret) => Buffer.from(secret))
    .flatMap((secret) =>
      symmetricAlgorithms
        .filter((algorithm) => secret.length >= shortestSecret[algorithm])
        .map((algorithm) => symmetricKey(secret, algorithm)),
    );
}

function symmetricKey(secret: Buffer, algorithm: SymmetricAlgorithm): SigningKey {
  const key = createSecretKey(secret);
  // Names the secret and what it is for, and says nothing of it.
  const id = createHmac('sha256', secret)
    .update(`latchkey ${algorithm} key id`)
    .digest('base64url')
    .slice(0, 16);
  return { id, algorithm, privateKey: key, publicKey: key };
}

/** The public half as it is published (RFC 7517). */
export function publicJwk({ id, algorithm, publicKey }: SigningKey): PublicJwk {
  return { ...(publicKey.export({ format: 'jwk' }) as { kty: string }), kid: id, use: 'sig', alg: algorithm };
}

export interface PublicJwk {
  readonly kty: string;
  readonly kid: string;
  readonly use: string;
  readonly alg: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

function asymmetricKey(privateKey: KeyObject, algorithm: AsymmetricAlgorithm): SigningKey {
  const publicKey = createPublicKey(privateKey);
  return { id: thumbprint(publicKey), algorithm, privateKey, publicKey };
}

/** RFC 7638: the hash of the members that the key type requires, in the order of their names. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, e, kty, n, x, y } = publicKey.export({ format: 'jwk' });
  const required = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}

function parseJwk(text: string): JsonWebKey {
  try {
    return JSON.parse(text) as JsonWebKey;
  } catch (cause) {
    throw new KeyImportError('This begins like a JWK, but is not valid JSON.', { cause });
  }
}

function algorithmOf(key: KeyObject, declared: unknown, preferred: Algorithm): AsymmetricAlgorithm {
  const [first, ...others] = fittingAlgorithms(key);
  const fitting = [first, ...others];
  if (declared === undefined) return fitting.find((each) => each === preferred) ?? first;
  const found = fitting.find((each) => each === declared);
  if (!found)
    throw new KeyImportError(`The JWK says "alg": ${JSON.stringify(declared)}, which its key is not for.`);
  return found;
}

/**
 * The algorithms that a key is for, private or public.
 * @throws {KeyImportError} where it is of no kind that is known here, or too short.
 */
export function fittingAlgorithms(key: KeyObject): [AsymmetricAlgorithm, ...AsymmetricAlgorithm[]] {
  if (key.asymmetricKeyType === 'rsa') {
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < smallestModulus) {
      throw new KeyImportError(`An RSA key must have ${smallestModulus} bits or more (RFC 7518 §3.3).`);
    }
    return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  }
  const curve = key.asymmetricKeyType === 'ec' ? key.export({ format: 'jwk' }).crv : undefined;
  const algorithm = curve === undefined ? undefined : curves[curve as keyof typeof curves];
  if (!algorithm)
    throw new KeyImportError('The key must be RSA, or of one of the curves P-256, P-384 and P-521.');
  return [algorithm];
}

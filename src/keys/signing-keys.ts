import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPair,
  randomBytes,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import {
  listAlgorithms,
  validatePublicKey,
  computeSignatureLength,
  type PublicKeyMembers,
} from '../guard/public-keys.js';
import {
  asymmetricAlgorithms,
  minSecretBytes,
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
  /** The same as `privateKey` for a symmetric algorithm. */
  readonly publicKey: KeyObject;
  /** The bytes of each of its signatures. */
  readonly signatureLength: number;
}

/** A key that was to be imported cannot be used; the message says why. */
export class KeyImportError extends Error {
  override readonly name = 'KeyImportError';
}

const curves = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' } as const;
/** In bits (RFC 7518 §3.3). */
const modulusLength = 2048;
const generateKeyPairAsync = promisify(generateKeyPair);

/**
 * Generates a key. RSA takes about half a second, off the event loop. The id does not begin with a hyphen, which commands
 * would take for an option.
 */
export async function generateSigningKey(algorithm: AsymmetricAlgorithm): Promise<SigningKey> {
  const curve = Object.entries(curves).find(([, each]) => each === algorithm)?.[0];
  const { privateKey } = await (curve
    ? generateKeyPairAsync('ec', { namedCurve: curve })
    : generateKeyPairAsync('rsa', { modulusLength }));
  const key = createAsymmetricKey(privateKey, algorithm);
  return key.id.startsWith('-') ? generateSigningKey(algorithm) : key;
}

/** The id of a key that has no thumbprint, of 72 random bits. It does not begin with a hyphen, either. */
export function createKeyId(): string {
  const id = randomBytes(9).toString('base64url');
  return id.startsWith('-') ? createKeyId() : id;
}

/**
 * Imports a private key: PEM (PKCS #8, SEC 1 or PKCS #1) or JWK.
 * @param preferred the algorithm of an RSA key that names none; each other kind of key has only one.
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
  const algorithm = chooseAlgorithm(privateKey, jwk?.['alg'], preferred);
  assertMatchingHalves(privateKey);
  return createAsymmetricKey(privateKey, algorithm);
}

export function openSigningKey(privateJwk: string, algorithm: AsymmetricAlgorithm): SigningKey {
  return createAsymmetricKey(
    createPrivateKey({ key: JSON.parse(privateJwk) as JsonWebKey, format: 'jwk' }),
    algorithm,
  );
}

/** Makes a key for each secret and each algorithm that it is long enough for, in the order of the secrets. */
export function createSharedKeys(secrets: readonly string[]): SigningKey[] {
  return secrets
    .map((secret) => Buffer.from(secret))
    .flatMap((secret) =>
      symmetricAlgorithms
        .filter((algorithm) => secret.length >= minSecretBytes[algorithm])
        .map((algorithm) => createSymmetricKey(secret, algorithm)),
    );
}

function createSymmetricKey(secret: Buffer, algorithm: SymmetricAlgorithm): SigningKey {
  const key = createSecretKey(secret);
  // Identifies the secret and the algorithm without revealing the secret.
  const id = createHmac('sha256', secret)
    .update(`latchkey ${algorithm} key id`)
    .digest('base64url')
    .slice(0, 16);
  return { id, algorithm, privateKey: key, publicKey: key, signatureLength: Number(algorithm.slice(2)) / 8 };
}

/** The public half, to be published (RFC 7517). */
export function toPublicJwk({ id, algorithm, publicKey }: SigningKey): PublicJwk {
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

function createAsymmetricKey(privateKey: KeyObject, algorithm: AsymmetricAlgorithm): SigningKey {
  const publicKey = createPublicKey(privateKey);
  return {
    id: computeThumbprint(publicKey),
    algorithm,
    privateKey,
    publicKey,
    signatureLength: computeSignatureLength(publicKey.export({ format: 'jwk' })),
  };
}

/** A JWK has both halves; if they do not belong together, nothing that it signs is accepted. */
function assertMatchingHalves(privateKey: KeyObject): void {
  const text = Buffer.from('latchkey');
  if (!verify('sha256', text, createPublicKey(privateKey), sign('sha256', text, privateKey))) {
    throw new KeyImportError('The private and the public half of this key do not belong together.');
  }
}

/** RFC 7638: the hash of the members that the key type requires, in the order of their names. */
export function computeThumbprint(publicKey: KeyObject): string {
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

function chooseAlgorithm(key: KeyObject, declared: unknown, preferred: Algorithm): AsymmetricAlgorithm {
  const [first, ...others] = findAlgorithms(key);
  const fitting = [first, ...others];
  if (declared === undefined) return fitting.find((each) => each === preferred) ?? first;
  const found = fitting.find((each) => each === declared);
  if (!found)
    throw new KeyImportError(`The JWK says "alg": ${JSON.stringify(declared)}, which its key is not for.`);
  return found;
}

/**
 * The algorithms that a private or public key can be used with.
 * @throws {KeyImportError} if the key must not be used: it is of an unknown kind, is too short or too long, or has a
 *   public exponent that is not safe.
 */
export function findAlgorithms(key: KeyObject): [AsymmetricAlgorithm, ...AsymmetricAlgorithm[]] {
  const jwk = exportPublicJwk(key);
  const reason = validatePublicKey(jwk);
  if (reason !== undefined) throw new KeyImportError(`The key ${reason}.`);
  const names = listAlgorithms(jwk);
  return asymmetricAlgorithms.filter((each) => names.includes(each)) as [AsymmetricAlgorithm];
}

/**
 * Why a stored key must not be used, as a sentence for the operator; undefined if it may be used. Earlier versions
 * imported keys that are refused now.
 */
export function validateStoredKey({
  id,
  public_key: publicKey,
}: {
  readonly id: string;
  readonly public_key: string | null;
}): string | undefined {
  const error = publicKey === null ? undefined : validatePublicKey(JSON.parse(publicKey) as PublicKeyMembers);
  return error === undefined
    ? undefined
    : `The key ${id} on the key ring is not used, and its access tokens are refused: it ${error}.`;
}

/** `{}` for a key that has no JWK form. */
function exportPublicJwk(key: KeyObject): JsonWebKey {
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') return {};
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  try {
    return publicKey.export({ format: 'jwk' });
  } catch (error) {
    // JWK has no name for the curve.
    if ((error as NodeJS.ErrnoException).code === 'ERR_CRYPTO_JWK_UNSUPPORTED_CURVE') return {};
    throw error;
  }
}

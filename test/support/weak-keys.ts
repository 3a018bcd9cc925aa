import { createHash, generateKeyPairSync } from 'node:crypto';

/** EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §9.2), which is its own signature where the public exponent is 1. */
export function encodePkcs1(content: string | Buffer, length = 256): Buffer {
  const algorithm = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const end = Buffer.concat([algorithm, createHash('sha256').update(content).digest()]);
  const padding = Buffer.alloc(length - 3 - end.length, 255);
  return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.alloc(1), end]);
}

type CoseKey = Map<number, number | Uint8Array>;

export interface WeakKey {
  readonly name: string;
  readonly key: CoseKey;
  /** What is said of it. */
  readonly reason: RegExp;
  /** Makes a signature that libraries accept, without a private key. */
  readonly forge?: (content: Buffer) => Buffer;
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const modulus = bytes(publicKey.export({ format: 'jwk' }).n ?? '');
const toRsa = (n: Uint8Array, ...e: readonly number[]): CoseKey =>
  new Map<number, number | Uint8Array>([
    [1, 3],
    [3, -257],
    [-1, n],
    [-2, new Uint8Array(e)],
  ]);
const exponent = /odd public exponent of 65537 or more/;
const evenModulus = new Uint8Array([...modulus.subarray(0, -1), 2]);

/** Little-endian y-coordinates of the points of order 1, 2, 4, 8 and 8 of Ed25519, of which each but the first two has two signs. */
const smallOrders = [
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map((hex) => Buffer.from(hex, 'hex'));
const [identity = Buffer.alloc(0)] = smallOrders;
const withSign = (point: Buffer): Buffer => {
  const other = Buffer.from(point);
  other[31] = (other[31] ?? 0) | 0x80;
  return other;
};
const toEd25519 = (point: Uint8Array): CoseKey =>
  new Map<number, number | Uint8Array>([
    [1, 1],
    [3, -8],
    [-1, 6],
    [-2, new Uint8Array(point)],
  ]);

const [p256 = {}, other = {}] = [0, 1].map(() =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
);
const kinds = /must be of Ed25519 for EdDSA, of P-256 for ES256, or of RSA for RS256/;
const toEc = (kind: readonly [number, number], curve: number, x = p256.x, y = p256.y): CoseKey =>
  new Map<number, number | Uint8Array>([
    [1, kind[0]],
    [3, kind[1]],
    [-1, curve],
    [-2, bytes(x ?? '')],
    [-3, bytes(y ?? '')],
  ]);

/** Keys of passkeys with which everybody can sign, or which are none. */
export const weakKeys: readonly WeakKey[] = [
  { name: 'RSA with the exponent 1', key: toRsa(modulus, 1), reason: exponent, forge: encodePkcs1 },
  {
    name: 'RSA with the exponent 1 after zero bytes',
    key: toRsa(modulus, 0, 0, 1),
    reason: exponent,
    forge: encodePkcs1,
  },
  { name: 'RSA with the exponent 2', key: toRsa(modulus, 2), reason: exponent },
  { name: 'RSA with the exponent 3', key: toRsa(modulus, 3), reason: exponent },
  { name: 'RSA with an even exponent', key: toRsa(modulus, 1, 0, 2), reason: exponent },
  { name: 'RSA with an even modulus', key: toRsa(evenModulus, 1, 0, 1), reason: /odd modulus/ },
  {
    name: 'RSA with a modulus that 3 divides',
    key: toRsa(new Uint8Array(256).fill(255), 1, 0, 1),
    reason: /small factors/,
  },
  {
    name: 'the identity of Ed25519',
    key: toEd25519(identity),
    reason: /small order/,
    forge: () => Buffer.concat([identity, Buffer.alloc(32)]),
  },
  ...[...smallOrders.slice(1), ...smallOrders.map(withSign)].map((point) => ({
    name: `the point ${point.toString('hex')} of Ed25519`,
    key: toEd25519(point),
    reason: /small order/,
  })),
  {
    name: 'the identity of Ed25519 with a second spelling',
    key: toEd25519(Buffer.from(`ee${'ff'.repeat(30)}7f`, 'hex')),
    reason: /point of its curve/,
  },
  {
    name: 'no point of Ed25519',
    key: toEd25519(Buffer.from(`02${'00'.repeat(31)}`, 'hex')),
    reason: /point of its curve/,
  },
  {
    name: 'a point of Ed25519 that is too short',
    key: toEd25519(new Uint8Array(31)),
    reason: /32 bytes/,
  },
  { name: 'no point of P-256', key: toEc([2, -7], 1, p256.x, other.y), reason: /point of its curve/ },
  {
    name: 'the point 0, 0 of P-256',
    key: toEc([2, -7], 1, 'A'.repeat(43), 'A'.repeat(43)),
    reason: /point of/,
  },
  { name: 'a coordinate of 31 bytes', key: toEc([2, -7], 1, 'A'.repeat(42)), reason: /32 bytes/ },
  { name: 'Ed25519 by its kty, P-256 by its alg', key: toEc([1, -7], 6), reason: kinds },
  { name: 'RSA by its kty, P-256 by its alg', key: toEc([3, -7], 1), reason: kinds },
  { name: 'P-256 by its kty, EdDSA by its alg', key: toEc([2, -8], 1), reason: kinds },
  { name: 'P-384 by its crv, P-256 by its alg', key: toEc([2, -7], 2), reason: kinds },
];

/** The members of a public JWK (RFC 7518 §6.2, §6.3) that are validated. */
export interface PublicKeyMembers {
  readonly kty?: unknown;
  readonly crv?: unknown;
  readonly x?: unknown;
  readonly y?: unknown;
  readonly n?: unknown;
  readonly e?: unknown;
}

/** RFC 7518 §3.3. OpenSSL refuses a larger modulus than the maximum, with which verifying would take long. */
const minModulusBits = 2048;
const maxModulusBits = 16_384;
/** NIST SP 800-56B. With the exponent 1 anyone can sign, and small ones allow attacks on faulty padding checks. */
const minExponent = 65_537n;
/** OpenSSL refuses a larger exponent if the modulus has more than 3,072 bits. */
const maxExponentBits = 64;
/** NIST SP 800-89 §5.3.3: the primes that must not divide a modulus, which 2 is not among. */
const smallPrimes = listOddPrimes(751);
const smallPrimesProduct = smallPrimes.reduce((product, prime) => product * prime, 1n);

/** Curve → its algorithm and the length of a coordinate in bytes (RFC 7518 §3.4, §6.2.1.2). */
const curves = new Map<unknown, { readonly algorithm: string; readonly bytes: number }>([
  ['P-256', { algorithm: 'ES256', bytes: 32 }],
  ['P-384', { algorithm: 'ES384', bytes: 48 }],
  ['P-521', { algorithm: 'ES512', bytes: 66 }],
]);
const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
/** The members of private and symmetric keys (RFC 7518 §6). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Why a public key must not be used, as the end of "The key …"; undefined if it may be used. Whether a point is on its
 * curve is not checked here: the import does that.
 */
export function validatePublicKey(key: PublicKeyMembers): string | undefined {
  if (key.kty === 'EC') return validateEcKey(key);
  if (key.kty !== 'RSA') return 'must be RSA, or of one of the curves P-256, P-384 and P-521';
  const [modulus, exponent] = [parseUnsigned(key.n), parseUnsigned(key.e)];
  if (modulus === undefined || exponent === undefined) return 'must have "n" and "e", in base64url';
  const bits = countBits(modulus);
  if (bits < minModulusBits || bits > maxModulusBits) {
    return `must have ${minModulusBits} bits or more (RFC 7518 §3.3), and ${maxModulusBits} at most`;
  }
  if (modulus % 2n === 0n) return 'must have an odd modulus';
  if (hasSmallFactor(modulus)) return 'must have a modulus without small factors (NIST SP 800-89)';
  if (exponent < minExponent || exponent % 2n === 0n || countBits(exponent) > maxExponentBits) {
    return `must have an odd public exponent of ${minExponent} or more, and of ${maxExponentBits} bits at most`;
  }
  return undefined;
}

/** Why a JWK is not for verifying signatures, as the end of "The key …"; undefined if it is. */
export function validateJwkUse(jwk: Readonly<Record<string, unknown>>): string | undefined {
  if (secretMembers.some((member) => jwk[member] !== undefined)) {
    return 'must be a public key: leave out its secret members';
  }
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return 'must be for signatures ("sig")';
  const operations = jwk['key_ops'];
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'must be for verifying: its "key_ops" do not have "verify"';
  }
  return undefined;
}

/** The algorithms that a key can be used with; none for an unknown kind of key. */
export function listAlgorithms({ kty, crv }: PublicKeyMembers): readonly string[] {
  if (kty === 'RSA') return rsaAlgorithms;
  const curve = kty === 'EC' ? curves.get(crv) : undefined;
  return curve ? [curve.algorithm] : [];
}

/**
 * The length of a key's signatures in bytes: twice a coordinate (RFC 7518 §3.4), or for RSA the length of the modulus.
 * @param key one that `validatePublicKey` accepts.
 */
export function computeSignatureLength({ crv, n }: PublicKeyMembers): number {
  const curve = curves.get(crv);
  return curve ? 2 * curve.bytes : Math.ceil(countBits(parseUnsigned(n) ?? 0n) / 8);
}

function validateEcKey({ crv, x, y }: PublicKeyMembers): string | undefined {
  const curve = curves.get(crv);
  if (!curve) return 'must be RSA, or of one of the curves P-256, P-384 and P-521';
  const isCoordinate = (value: unknown): boolean =>
    typeof value === 'string' && Buffer.from(value, 'base64url').length === curve.bytes;
  return isCoordinate(x) && isCoordinate(y)
    ? undefined
    : `must have "x" and "y" of ${curve.bytes} bytes, in base64url`;
}

/** The remainder is as good as the modulus, and shorter. */
function hasSmallFactor(modulus: bigint): boolean {
  const remainder = modulus % smallPrimesProduct;
  return smallPrimes.some((prime) => remainder % prime === 0n);
}

function listOddPrimes(max: number): bigint[] {
  const primes: number[] = [];
  for (let candidate = 3; candidate <= max; candidate += 2) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes.map(BigInt);
}

function parseUnsigned(value: unknown): bigint | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const hex = Buffer.from(value, 'base64url').toString('hex');
  return hex === '' ? undefined : BigInt(`0x${hex}`);
}

function countBits(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

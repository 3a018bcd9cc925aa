/** RFC 8032 §5.1: the prime of the field, and the constant of the curve. */
const p = 2n ** 255n - 19n;
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/**
 * Why a public key of Ed25519 must not be used, as the end of "The key …"; undefined if it may be used. OpenSSL takes every 32
 * bytes: with a point of small order, one signature is valid for an eighth of all messages or more.
 * @param x as in a JWK (RFC 8037 §2).
 */
export function validateEd25519Key(x: string): string | undefined {
  const bytes = Buffer.from(x, 'base64url');
  if (bytes.length !== 32) return 'must have 32 bytes';
  // Little-endian, with the sign of the x-coordinate in the highest bit.
  const y = BigInt(`0x${bytes.reverse().toString('hex')}`) & (2n ** 255n - 1n);
  const square = (y * y) % p;
  if (y >= p || !isOnCurve(square)) return 'must be a point of its curve';
  return isOfSmallOrder(y, square)
    ? 'must not be a point of small order: everybody could sign with it'
    : undefined;
}

/** Whether x² = (y² - 1) / (d y² + 1) has a solution: whether the product of both is a square, by Euler's criterion. */
function isOnCurve(ySquare: bigint): boolean {
  const product = ((ySquare - 1n + p) * (d * ySquare + 1n)) % p;
  return product === 0n || power(product, (p - 1n) / 2n) === 1n;
}

/**
 * Whether a point's order divides the cofactor, 8: the identity and the point of order 2 have y = ±1, those of order 4 have
 * y = 0. One of order 8 becomes one of order 4 when it is doubled: x² + y² = 0, and with the equation of the curve, which is
 * y² - x² = 1 + d x² y², follows d y⁴ + 2 y² = 1.
 */
function isOfSmallOrder(y: bigint, ySquare: bigint): boolean {
  return y === 0n || ySquare === 1n || (d * ySquare * ySquare + 2n * ySquare) % p === 1n;
}

/** The power modulo p. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % p;
    if (bit === '1') result = (result * base) % p;
  }
  return result;
}

import { createHash, pbkdf2, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { hash, parseOptions, verify } from '@node-rs/argon2';

/** The cost parameters of scrypt (RFC 7914 §2). */
export interface Scrypt {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

const derivePbkdf2 = promisify(pbkdf2);

/** All of these run in libuv's threads, not on the event loop. */

export function computeScrypt(
  password: string,
  salt: Buffer,
  { N, r, p }: Scrypt,
  length: number,
): Promise<Buffer> {
  // Node's default limit refuses Werkzeug's costs.
  const maxmem = 128 * r * (N + p + 2);
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, { N, r, p, maxmem }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

export function verifyArgon2(password: string, encoded: string): Promise<boolean> {
  return verify(encoded, password);
}

/** Compares 72 bytes of the password, and no more, as bcrypt does. */
export async function verifyBcrypt(password: string, encoded: string): Promise<boolean> {
  // Loaded where there is such a hash.
  const bcrypt = await import('@node-rs/bcrypt');
  return bcrypt.verify(password, encoded);
}

export function hashSha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const dummy = 'nobody has this password';
const dummySalt = Buffer.alloc(16, 1);
const dummyArgon2 = `${Buffer.alloc(15, 1).toString('base64')}$${Buffer.alloc(30, 1).toString('base64')}`;

/**
 * Computes what is missing to an amount, so that checking any hash of a family, or none, takes the same work. It makes hashes
 * rather than to check one: a check returns at once where it cannot read the hash.
 * @param done the amount that was computed; 0 for none.
 */
export async function computeRest(family: string, amount: number, done: number): Promise<void> {
  if (done >= amount) return;
  const [name = '', ...costs] = family.split(':');
  if (name === 'bcrypt') return computeBcrypt(amount, done);
  if (name === 'scrypt') {
    const [N = 2, r = 1, p = 1] = costs.map(Number);
    await computeScrypt(dummy, dummySalt, { N, r, p }, 64);
    return;
  }
  if (name.startsWith('pbkdf2-')) {
    await derivePbkdf2(dummy, dummySalt, amount - done, 16, name.slice('pbkdf2-'.length));
    return;
  }
  if (!name.startsWith('argon2')) throw new Error(`There is nothing to compute for ${family}.`);
  await hash(dummy, parseOptions(`$${name}$v=19$${costs.join(':')}$${dummyArgon2}`));
}

/** The work doubles with each cost: 2^done + 2^done + 2^(done+1) + … + 2^(amount-1) = 2^amount. */
async function computeBcrypt(amount: number, done: number): Promise<void> {
  const costs = done === 0 ? [amount] : Array.from({ length: amount - done }, (_, index) => done + index);
  const bcrypt = await import('@node-rs/bcrypt');
  for (const cost of costs) await bcrypt.hash(dummy, cost);
}

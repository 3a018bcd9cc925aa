import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { hashSync, parseOptions, verifySync } from '@node-rs/argon2';

// All of these hold their thread, so that they are for hash-thread.ts.

/** The cost parameters of scrypt (RFC 7914 §2). */
export interface Scrypt {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export function computeScrypt(password: string, salt: Buffer, { N, r, p }: Scrypt, length: number): Buffer {
  // Node's default limit refuses Werkzeug's costs.
  const maxmem = 128 * r * (N + p + 2);
  return scryptSync(password, salt, length, { N, r, p, maxmem });
}

export function verifyArgon2(password: string, encoded: string): boolean {
  return verifySync(encoded, password);
}

/** Compares 72 bytes of the password, and no more, as bcrypt does. */
export async function verifyBcrypt(password: string, encoded: string): Promise<boolean> {
  // Loaded where there is such a hash.
  const bcrypt = await import('@node-rs/bcrypt');
  return bcrypt.verifySync(password, encoded);
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
  if (name === 'bcrypt') {
    await computeBcrypt(amount, done);
  } else if (name === 'scrypt') {
    const [N = 2, r = 1, p = 1] = costs.map(Number);
    computeScrypt(dummy, dummySalt, { N, r, p }, 64);
  } else if (name.startsWith('pbkdf2-')) {
    pbkdf2Sync(dummy, dummySalt, amount - done, 16, name.slice('pbkdf2-'.length));
  } else if (name.startsWith('argon2')) {
    hashSync(dummy, parseOptions(`$${name}$v=19$${costs.join(':')}$${dummyArgon2}`));
  } else {
    throw new Error(`There is nothing to compute for ${family}.`);
  }
}

/** The work doubles with each cost: 2^done + 2^done + 2^(done+1) + … + 2^(amount-1) = 2^amount. */
async function computeBcrypt(amount: number, done: number): Promise<void> {
  const costs = done === 0 ? [amount] : Array.from({ length: amount - done }, (_, index) => done + index);
  const bcrypt = await import('@node-rs/bcrypt');
  for (const cost of costs) bcrypt.hashSync(dummy, cost);
}

import { createCipheriv, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import {
  computeScrypt,
  hashSha256Hex,
  verifyArgon2,
  verifyBcrypt,
  type Scrypt,
} from './foreign-computations.js';

/** A password hash that another application made, in the notation of that application. */
export interface ForeignHash {
  /** What is computed, apart from how much of it: hashes of one family differ in their amount alone. */
  readonly family: string;
  /** Iterations of PBKDF2, the cost of bcrypt (a binary logarithm), 1 for what has one amount. */
  readonly amount: number;
  /** Holds its thread until it is done. */
  readonly verify: (password: string) => boolean | Promise<boolean>;
}

/** Why a text is not a hash that can be used, to be put after the field's name in a message. */
export interface RefusedHash {
  readonly error: string;
}

type Parsed = ForeignHash | RefusedHash;

/** Bytes that one computation may occupy. Django's argon2id takes 100 MiB. */
const maxMemory = 128 * 1024 * 1024;
/** N·r·p of scrypt, and KiB·passes of argon2: about a second. */
const maxScryptWork = 2 ** 22;
const maxArgon2Work = 1024 * 1024;
const maxParallelism = 16;
/** Of SHA-1, SHA-256 or SHA-512: one to two seconds. */
const maxIterations = 4_000_000;
const maxBcryptCost = 14;
const minBcryptCost = 4;
/** Bytes of a salt and of a key. */
const maxSaltLength = 256;
const minKeyLength = 16;
const maxKeyLength = 256;

const bytesOfDigest: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha512: 64 };

/** The notations, each with the applications that write it, for documentation and messages. */
export const hashNotations: readonly string[] = [
  '$argon2id$v=19$m=…,t=…,p=…$salt$hash, also argon2i and argon2d',
  '$2a$, $2b$ or $2y$ and the cost (bcrypt)',
  'scrypt:N:r:p$salt$hex, pbkdf2:sha256:N$salt$hex (Werkzeug)',
  'pbkdf2_sha256$, pbkdf2_sha1$, argon2$, bcrypt$, bcrypt_sha256$, scrypt$ (Django)',
  '$pbkdf2-sha256$N$salt$hash, $pbkdf2-sha512$, $pbkdf2$, $scrypt$ln=…,r=…,p=… (passlib)',
  'salt:hash in hexadecimal (better-auth)',
  '$fbscrypt$v=1,n=…,r=…,p=1,ss=…,sk=…$salt$hash (Firebase)',
];

interface Notation {
  readonly form: RegExp;
  readonly parse: (groups: Readonly<Record<string, string>>, text: string) => Parsed;
}

const base64 = '[A-Za-z0-9+/]+={0,2}';
/** passlib's, which writes a dot for a plus and no padding. */
const adaptedBase64 = '[A-Za-z0-9./+]+={0,2}';
const bcryptForm = String.raw`\$2[aby]\$(?<cost>\d\d)\$[A-Za-z0-9./]{53}`;
const phcArgon2 = String.raw`\$argon2(?<kind>id|i|d)\$v=(?:16|19)\$m=(?<m>[1-9]\d{0,8}),t=(?<t>[1-9]\d{0,5}),p=(?<p>[1-9]\d{0,2})\$[A-Za-z0-9+/]{11,342}\$[A-Za-z0-9+/]{16,342}`;

const notations: readonly Notation[] = [
  { form: new RegExp(`^${bcryptForm}$`), parse: ({ cost }, text) => toBcrypt(cost, text, (given) => given) },
  {
    form: new RegExp(`^bcrypt\\$${bcryptForm}$`),
    parse: ({ cost }, text) => toBcrypt(cost, text.slice(7), (given) => given),
  },
  {
    form: new RegExp(`^bcrypt_sha256\\$${bcryptForm}$`),
    parse: ({ cost }, text) => toBcrypt(cost, text.slice(14), hashSha256Hex),
  },
  {
    form: new RegExp(`^(?:argon2)?${phcArgon2}$`),
    parse: (groups, text) => toArgon2(groups, text.replace(/^argon2/, '')),
  },
  {
    form: /^scrypt:(?<N>\d{1,8}):(?<r>\d{1,3}):(?<p>\d{1,3})\$(?<salt>[^$\s]+)\$(?<key>[0-9a-f]+)$/,
    parse: ({ N, r, p, salt = '', key = '' }) =>
      toScrypt({ N: Number(N), r: Number(r), p: Number(p) }, Buffer.from(salt), Buffer.from(key, 'hex')),
  },
  {
    form: new RegExp(
      String.raw`^scrypt\$(?<N>\d{1,8})\$(?<salt>[^$\s]+)\$(?<r>\d{1,3})\$(?<p>\d{1,3})\$(?<key>${base64})$`,
    ),
    parse: ({ N, r, p, salt = '', key = '' }) =>
      toScrypt({ N: Number(N), r: Number(r), p: Number(p) }, Buffer.from(salt), Buffer.from(key, 'base64')),
  },
  {
    form: new RegExp(
      String.raw`^\$scrypt\$ln=(?<ln>\d{1,2}),r=(?<r>\d{1,3}),p=(?<p>\d{1,3})\$(?<salt>${adaptedBase64})\$(?<key>${adaptedBase64})$`,
    ),
    parse: ({ ln, r, p, salt, key }) =>
      toScrypt(
        { N: 2 ** Number(ln), r: Number(r), p: Number(p) },
        decodeAdaptedBase64(salt),
        decodeAdaptedBase64(key),
      ),
  },
  {
    // The salt is the text, not the bytes that it stands for.
    form: /^(?<salt>[0-9a-f]{32}):(?<key>[0-9a-f]{128})$/,
    parse: ({ salt = '', key = '' }) =>
      toScrypt({ N: 16_384, r: 16, p: 1 }, Buffer.from(salt), Buffer.from(key, 'hex')),
  },
  {
    form: new RegExp(
      String.raw`^\$fbscrypt\$v=1,n=(?<n>\d{1,2}),r=(?<r>\d{1,3}),p=(?<p>\d{1,2})(?:,ss=(?<separator>${base64}))?,sk=(?<signer>${base64})\$(?<salt>${base64})\$(?<key>${base64})$`,
    ),
    parse: toFirebase,
  },
  {
    form: /^pbkdf2:(?<digest>sha1|sha256|sha512):(?<iterations>\d{1,8})\$(?<salt>[^$\s]+)\$(?<key>[0-9a-f]+)$/,
    parse: ({ digest, iterations, salt = '', key = '' }) =>
      toPbkdf2(digest, iterations, Buffer.from(salt), Buffer.from(key, 'hex')),
  },
  {
    form: new RegExp(
      String.raw`^pbkdf2_(?<digest>sha1|sha256)\$(?<iterations>\d{1,8})\$(?<salt>[^$\s]+)\$(?<key>${base64})$`,
    ),
    parse: ({ digest, iterations, salt = '', key = '' }) =>
      toPbkdf2(digest, iterations, Buffer.from(salt), Buffer.from(key, 'base64')),
  },
  {
    form: new RegExp(
      String.raw`^\$pbkdf2(?:-(?<digest>sha1|sha256|sha512))?\$(?<iterations>\d{1,8})\$(?<salt>${adaptedBase64})\$(?<key>${adaptedBase64})$`,
    ),
    parse: ({ digest = 'sha1', iterations, salt, key }) =>
      toPbkdf2(digest, iterations, decodeAdaptedBase64(salt), decodeAdaptedBase64(key)),
  },
];

/** Longer than any that can be used. */
const maxLength = 1500;

/** Reads a password hash in any of `hashNotations`. */
export function parseForeignHash(text: string): Parsed {
  if (text.length > maxLength) return { error: `must have ${maxLength} characters or fewer` };
  for (const { form, parse } of notations) {
    const match = form.exec(text);
    if (match) return parse({ ...match.groups }, text);
  }
  return { error: describeUnknown(text) };
}

function describeUnknown(text: string): string {
  if (/^\{(?:S?SHA|S?MD5|CRYPT)/i.test(text) || /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i.test(text)) {
    return 'is a hash that is computed in no time, from which passwords are found by trying: it is not taken over. Import the user without it, and give a new password';
  }
  if (text.startsWith('$2x$'))
    return 'is bcrypt of a version whose hashes are wrong ($2x$): import the user without it';
  return `is in a notation that is not known. Known are: ${hashNotations.join('; ')}`;
}

function toBcrypt(cost: string | undefined, hash: string, prepare: (password: string) => string): Parsed {
  const amount = Number(cost);
  if (amount < minBcryptCost || amount > maxBcryptCost) {
    return { error: `has the bcrypt cost ${amount}, and may have ${minBcryptCost} to ${maxBcryptCost}` };
  }
  const canonical = clearPadding(hash);
  return { family: 'bcrypt', amount, verify: (password) => verifyBcrypt(prepare(password), canonical) };
}

const bcryptAlphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * The last character of bcrypt's salt has 2 bits and that of its hash 4: some applications set the others as well, which
 * those that check a hash ignore, all but the one here.
 */
function clearPadding(hash: string): string {
  const clear = (character: string, unit: number): string => {
    const value = bcryptAlphabet.indexOf(character);
    return bcryptAlphabet.charAt(value - (value % unit));
  };
  return hash.slice(0, 28) + clear(hash.charAt(28), 16) + hash.slice(29, 59) + clear(hash.charAt(59), 4);
}

function toArgon2({ kind, m, t, p }: Readonly<Record<string, string>>, hash: string): Parsed {
  const [memory, passes, lanes] = [Number(m), Number(t), Number(p)];
  if (memory < 8 * lanes) return { error: 'has costs that argon2 cannot have' };
  if (!hash.split('$').slice(-2).every(isCanonicalBase64))
    return {
      error:
        'has a salt or a hash that no encoder of base64 writes: something was lost or changed on its way',
    };
  if (memory * 1024 > maxMemory || memory * passes > maxArgon2Work || lanes > maxParallelism) {
    return {
      error: `has the argon2 costs m=${memory},t=${passes},p=${lanes}, and may have ${maxMemory / 1024} KiB, ${maxArgon2Work} KiB times passes and ${maxParallelism} lanes at most`,
    };
  }
  return {
    family: `argon2${kind ?? ''}:m=${memory},t=${passes},p=${lanes}`,
    amount: 1,
    verify: (password) => verifyArgon2(password, hash),
  };
}

function isCanonicalBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64').startsWith(text);
}

function toScrypt(
  costs: Scrypt,
  salt: Buffer,
  key: Buffer,
  derive: (password: string) => Buffer = (password) => computeScrypt(password, salt, costs, key.length),
): Parsed {
  const { N, r, p } = costs;
  if (N < 2 || r < 1 || p < 1 || !Number.isInteger(Math.log2(N)))
    return { error: 'has costs that scrypt cannot have' };
  if (128 * N * r > maxMemory || N * r * p > maxScryptWork || p > maxParallelism) {
    return {
      error: `has the scrypt costs ${N}:${r}:${p}, which take ${Math.round((128 * N * r) / 1024 / 1024)} MiB: ${maxMemory / 1024 / 1024} MiB, an N·r·p of ${maxScryptWork} and a p of ${maxParallelism} are the most`,
    };
  }
  return (
    checkLengths(salt, key) ?? {
      family: `scrypt:${N}:${r}:${p}`,
      amount: 1,
      verify: (password) => timingSafeEqual(derive(password), key),
    }
  );
}

/** Firebase encrypts its signer key with what scrypt derives from the password. */
function toFirebase({
  n,
  r,
  p,
  separator = '',
  signer = '',
  salt = '',
  key = '',
}: Readonly<Record<string, string>>): Parsed {
  const costs = { N: 2 ** Number(n), r: Number(r), p: Number(p) };
  const expected = Buffer.from(key, 'base64');
  const secret = Buffer.from(signer, 'base64');
  if (secret.length !== expected.length)
    return { error: 'has a signer key (sk) of another length than its hash' };
  const fullSalt = Buffer.concat([Buffer.from(salt, 'base64'), Buffer.from(separator, 'base64')]);
  return toScrypt(costs, fullSalt, expected, (password) => {
    const derived = computeScrypt(password, fullSalt, costs, 32);
    const cipher = createCipheriv('aes-256-ctr', derived, Buffer.alloc(16));
    return Buffer.concat([cipher.update(secret), cipher.final()]);
  });
}

function toPbkdf2(
  digest: string | undefined,
  iterations: string | undefined,
  salt: Buffer,
  key: Buffer,
): Parsed {
  const name = digest ?? 'sha1';
  // RFC 8018 §5.2: each block of the key takes all iterations.
  const amount = Number(iterations) * Math.ceil(key.length / (bytesOfDigest[name] ?? 1));
  if (amount < 1) return { error: 'has no iterations' };
  if (amount > maxIterations) return { error: `takes ${amount} iterations, and may take ${maxIterations}` };
  return (
    checkLengths(salt, key) ?? {
      family: `pbkdf2-${name}`,
      amount,
      verify: (password) =>
        timingSafeEqual(pbkdf2Sync(password, salt, Number(iterations), key.length, name), key),
    }
  );
}

function checkLengths(salt: Buffer, key: Buffer): RefusedHash | undefined {
  if (salt.length > maxSaltLength) return { error: `has a salt of more than ${maxSaltLength} bytes` };
  if (key.length < minKeyLength || key.length > maxKeyLength) {
    return { error: `has a hash of ${key.length} bytes, and must have ${minKeyLength} to ${maxKeyLength}` };
  }
  return undefined;
}

function decodeAdaptedBase64(text = ''): Buffer {
  return Buffer.from(text.replaceAll('.', '+'), 'base64');
}

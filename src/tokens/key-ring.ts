import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/open-database.js';
import type { KeyRow } from '../database/schema.js';
import { UnsealError, type KeySealing } from './key-sealing.js';
import { keysStore } from './keys.store.js';

/** Signs access tokens and verifies them. */
export interface SigningKey {
  readonly id: string;
  readonly algorithm: 'ES256';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Makes refresh tokens and recognises them. */
export interface RefreshKey {
  readonly id: string;
  readonly secret: KeyObject;
}

/** The keys in the database cannot be used; the message is for the operator. */
export class KeyRingError extends Error {
  override readonly name = 'KeyRingError';
}

/** All keys, opened once at the start and held in memory. */
export class KeyRing {
  readonly #signing: ReadonlyMap<string, SigningKey>;
  readonly #refresh: ReadonlyMap<string, RefreshKey>;
  /** The key that signs new access tokens. */
  readonly signingKey: SigningKey;
  /** The key that makes new refresh tokens. */
  readonly refreshKey: RefreshKey;

  private constructor(signing: readonly SigningKey[], refresh: readonly RefreshKey[]) {
    this.#signing = new Map(signing.map((key) => [key.id, key]));
    this.#refresh = new Map(refresh.map((key) => [key.id, key]));
    this.signingKey = newest(signing, 'access token');
    this.refreshKey = newest(refresh, 'refresh token');
  }

  /** The access-token key of a `kid`, where the ring has it. */
  signing(id: string): SigningKey | undefined {
    return this.#signing.get(id);
  }

  refresh(id: string): RefreshKey | undefined {
    return this.#refresh.get(id);
  }

  /**
   * Opens the ring, and makes its first keys where there are none.
   * @throws {KeyRingError} where the secret does not open what is there.
   */
  static async open(database: Database, sealing: KeySealing, clock: Clock): Promise<KeyRing> {
    const rows = await database.exclusively(async (transaction) => {
      await makeMissing(transaction, sealing, clock);
      return keysStore.all(transaction);
    });
    const now = clock.now();
    const live = rows.filter(
      ({ active_at, retired_at }) => active_at <= now && (retired_at ?? Infinity) > now,
    );
    return new KeyRing(
      live.filter(({ purpose }) => purpose === 'access').map((row) => openSigningKey(row, sealing)),
      live.filter(({ purpose }) => purpose === 'refresh').map((row) => openRefreshKey(row, sealing)),
    );
  }
}

function newest<Key>(keys: readonly Key[], what: string): Key {
  const key = keys.at(-1);
  if (!key)
    throw new KeyRingError(`The database holds no ${what} key that is active now. Is the clock right?`);
  return key;
}

async function makeMissing(queries: Queries, sealing: KeySealing, clock: Clock): Promise<void> {
  const present = new Set((await keysStore.all(queries)).map(({ purpose }) => purpose));
  if (!present.has('access')) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await insertKey(queries, sealing, clock, {
      purpose: 'access',
      algorithm: 'ES256',
      publicKey: JSON.stringify(publicKey.export({ format: 'jwk' })),
      secretHalf: JSON.stringify(privateKey.export({ format: 'jwk' })),
    });
  }
  if (!present.has('refresh')) {
    await insertKey(queries, sealing, clock, {
      purpose: 'refresh',
      algorithm: 'HS256',
      publicKey: null,
      secretHalf: randomBytes(32).toString('base64url'),
    });
  }
}

interface NewKey {
  readonly purpose: KeyRow['purpose'];
  readonly algorithm: string;
  readonly publicKey: string | null;
  readonly secretHalf: string;
}

async function insertKey(queries: Queries, sealing: KeySealing, clock: Clock, key: NewKey): Promise<void> {
  const id = randomBytes(9).toString('base64url'); // 12 characters: a refresh token has room for just these
  const now = clock.now();
  await keysStore.insert(queries, {
    id,
    purpose: key.purpose,
    algorithm: key.algorithm,
    public_key: key.publicKey,
    sealed_key: sealing.seal(key.secretHalf, sealingContext(id, key.purpose)),
    created_at: now,
    active_at: now,
    retired_at: null,
  });
}

function sealingContext(id: string, purpose: KeyRow['purpose']): string {
  return `${purpose} ${id}`;
}

function unseal(row: KeyRow, sealing: KeySealing): string {
  try {
    return sealing.unseal(row.sealed_key, sealingContext(row.id, row.purpose));
  } catch (cause) {
    if (!(cause instanceof UnsealError)) throw cause;
    throw new KeyRingError(
      'LATCHKEY_SECRET does not open the keys in the database. Set the secret that this database was made with (on SQLite it may be in the .secret file beside the database).',
      { cause },
    );
  }
}

function openSigningKey(row: KeyRow, sealing: KeySealing): SigningKey {
  if (row.algorithm !== 'ES256') {
    throw new KeyRingError(
      `The key ${row.id} in the database is for ${row.algorithm}, which this version does not know.`,
    );
  }
  const jwk = JSON.parse(unseal(row, sealing)) as JsonWebKey;
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return { id: row.id, algorithm: 'ES256', privateKey, publicKey: createPublicKey(privateKey) };
}

function openRefreshKey(row: KeyRow, sealing: KeySealing): RefreshKey {
  return { id: row.id, secret: createSecretKey(Buffer.from(unseal(row, sealing), 'base64url')) };
}

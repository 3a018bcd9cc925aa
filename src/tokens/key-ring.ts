import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/open-database.js';
import { sessionsStore } from '../sessions/sessions.store.js';
import { asymmetricAlgorithms, isSymmetric, type Algorithm } from './algorithms.js';
import { UnsealError, type KeySealing } from './key-sealing.js';
import { keysStore, type KeyPurpose, type StoredKey } from './keys.store.js';
import {
  generateSigningKey,
  importSigningKey,
  KeyImportError,
  openSigningKey,
  publicJwk,
  symmetricKey,
  type PublicJwk,
  type SigningKey,
} from './signing-keys.js';

/** Makes refresh tokens and recognises them. */
export interface RefreshKey {
  /** Twelve characters: a refresh token has room for just these. */
  readonly id: string;
  readonly secret: KeyObject;
}

/** When a key is used, in milliseconds since the Unix epoch. */
export interface KeyTimes {
  /** From when it signs, until a later key does. */
  readonly activeAt: number;
  /** Until when what it signed is accepted. */
  readonly retiredAt: number;
}

export interface KeyRingOptions {
  /** What new access tokens are signed with. */
  readonly algorithm: Algorithm;
  /** For HS256 and its like: the first signs, the others are accepted. */
  readonly secrets: readonly string[];
  /** A private key in PEM or JWK form that is to sign, brought by the operator. */
  readonly ownKey: string | undefined;
  /** How long a new key is published before it signs, in milliseconds: who has cached the JWKS must see it first. */
  readonly publishAhead: number;
  /** After how long a key is replaced, in milliseconds; 0: never. */
  readonly rotateAfter: number;
  /** How long an access token may live at most, leeway included, in milliseconds. */
  readonly longestAccessToken: number;
  /** How long a refresh token lives, in milliseconds. */
  readonly refreshToken: number;
}

/** The keys in the database cannot be used; the message is for the operator. */
export class KeyRingError extends Error {
  override readonly name = 'KeyRingError';
}

export const keyPurposes: readonly KeyPurpose[] = ['access', 'refresh'];

type Held<Key> = Key & KeyTimes;

/** Ahead of its first use a refresh key must reach the other replicas, which look every half second. */
const refreshKeyAhead = 30_000;

/**
 * All keys, held in memory. A new key is published first and signs later; an old one is accepted until the last of
 * its tokens has expired. All of that follows from the times in the table, so that no process needs to be told.
 */
export class KeyRing {
  #signing = new Map<string, Held<SigningKey>>();
  #refresh = new Map<string, Held<RefreshKey>>();
  readonly #shared: readonly SigningKey[];
  #removals = 0;

  private constructor(
    private readonly database: Database,
    private readonly sealing: KeySealing,
    private readonly clock: Clock,
    private readonly options: KeyRingOptions,
  ) {
    const { algorithm, secrets } = options;
    this.#shared = isSymmetric(algorithm) ? secrets.map((secret) => symmetricKey(secret, algorithm)) : [];
  }

  /**
   * Opens the ring as it is.
   * @throws {KeyRingError} where the secret does not open what is there.
   */
  static async open(
    database: Database,
    sealing: KeySealing,
    clock: Clock,
    options: KeyRingOptions,
  ): Promise<KeyRing> {
    const ring = new KeyRing(database, sealing, clock, options);
    await ring.reload();
    return ring;
  }

  /** Makes the keys that the settings ask for and the ring lacks: its first ones, or one for another algorithm. */
  async complete(): Promise<void> {
    await this.database.exclusively((transaction) => this.#makeMissing(transaction));
    await this.reload();
  }

  /** The key that signs access tokens now. */
  get signingKey(): SigningKey {
    return this.#shared[0] ?? this.#current(this.#signing, 'access token');
  }

  /** The key that makes refresh tokens now. */
  get refreshKey(): RefreshKey {
    return this.#current(this.#refresh, 'refresh token');
  }

  /** The access-token key of a `kid`, where its tokens are accepted. */
  signing(id: string): SigningKey | undefined {
    const key = this.#signing.get(id);
    if (key) return key.retiredAt > this.clock.now() ? key : undefined;
    return this.#shared.find((each) => each.id === id);
  }

  refresh(id: string): RefreshKey | undefined {
    const key = this.#refresh.get(id);
    return key && key.retiredAt > this.clock.now() ? key : undefined;
  }

  /** The public keys that verify tokens, now and after the next rotation. */
  published(): PublicJwk[] {
    return [...this.#signing.values()].filter(({ retiredAt }) => retiredAt > this.clock.now()).map(publicJwk);
  }

  /** The asymmetric keys with their times, in the order in which they become active. */
  signingKeys(): Held<SigningKey>[] {
    return [...this.#signing.values()];
  }

  /** Changes when a key was taken away: what was verified with it is void. */
  get removals(): number {
    return this.#removals;
  }

  /** Reads the table anew: another process may have rotated. Keys that are known are not opened again. */
  async reload(): Promise<void> {
    const rows = await keysStore.all(this.database.queries);
    const signing = new Map<string, Held<SigningKey>>();
    const refresh = new Map<string, Held<RefreshKey>>();
    for (const row of rows) {
      const times = { activeAt: row.active_at, retiredAt: row.retired_at ?? Infinity };
      if (row.purpose === 'access') {
        signing.set(row.id, {
          ...(this.#signing.get(row.id) ?? this.#openSigning(row)),
          id: row.id,
          ...times,
        });
      } else {
        refresh.set(row.id, { ...(this.#refresh.get(row.id) ?? this.#openRefresh(row)), ...times });
      }
    }
    if ([...this.#signing.keys()].some((id) => !signing.has(id))) this.#removals += 1;
    this.#signing = signing;
    this.#refresh = refresh;
  }

  /**
   * Makes a new key that is published now and signs later, and sets the end of those before it.
   * @returns when the new key begins to sign, in milliseconds since the Unix epoch.
   */
  async rotate(purpose: KeyPurpose): Promise<number> {
    const activeAt = await this.database.exclusively((transaction) => this.#rotate(transaction, purpose));
    await this.reload();
    return activeAt;
  }

  /** Rotates what is older than it should be. Of several processes one does it. */
  async rotateIfDue(): Promise<void> {
    const { rotateAfter, algorithm, ownKey } = this.options;
    if (rotateAfter === 0) return;
    const operatorRotates = ownKey !== undefined || isSymmetric(algorithm);
    const purposes = operatorRotates ? (['refresh'] as const) : keyPurposes;
    await this.database.exclusively(async (transaction) => {
      const rows = await keysStore.all(transaction);
      for (const purpose of purposes) {
        const newest = rows.filter((row) => row.purpose === purpose).at(-1);
        if (newest && newest.created_at + rotateAfter <= this.clock.now())
          await this.#rotate(transaction, purpose);
      }
    });
    await this.reload();
  }

  /**
   * Takes in a private key in PEM or JWK form; it is published now and signs later.
   * @returns the key's id and when it begins to sign; undefined where the ring has it already.
   * @throws {KeyImportError}
   */
  async import(text: string): Promise<{ readonly id: string; readonly activeAt: number } | undefined> {
    const { algorithm } = this.options;
    const key = importSigningKey(text, algorithm);
    if (key.algorithm !== algorithm) {
      throw new KeyImportError(
        `The key is for ${key.algorithm}, and JWT_ALGORITHM is ${algorithm}. Set JWT_ALGORITHM to ${key.algorithm} first, here and for the service.`,
      );
    }
    const imported = await this.database.exclusively((transaction) => this.#insertOwn(transaction, key));
    await this.reload();
    return imported;
  }

  /**
   * Takes an access token's key away at once, for one that got into other hands: its tokens are void. The one that
   * signs is replaced without publishing ahead.
   * @returns whether the key was there.
   */
  async revoke(id: string): Promise<boolean> {
    const revoked = await this.database.exclusively(async (transaction) => {
      if (!(await keysStore.delete(transaction, 'access', id))) return false;
      await this.#makeMissing(transaction);
      return true;
    });
    await this.reload();
    return revoked;
  }

  /** Encrypts all keys with another secret, in one transaction. */
  async reseal(sealing: KeySealing): Promise<void> {
    await this.database.exclusively(async (transaction) => {
      for (const row of await keysStore.all(transaction)) {
        const context = sealingContext(row);
        await keysStore.reseal(transaction, row.id, sealing.seal(unseal(row, this.sealing), context));
      }
    });
  }

  async deleteRetired(): Promise<void> {
    await keysStore.deleteRetired(this.database.queries, this.clock.now());
  }

  #current<Key>(keys: ReadonlyMap<string, Held<Key>>, what: string): Key {
    const now = this.clock.now();
    let current: Held<Key> | undefined;
    for (const key of keys.values()) if (key.activeAt <= now && key.retiredAt > now) current = key;
    if (!current) {
      throw new KeyRingError(
        keys.size === 0
          ? `There are no ${what} keys yet: the first start of the service makes them.`
          : `No ${what} key is active now. Is the clock right?`,
      );
    }
    return current;
  }

  async #makeMissing(queries: Queries): Promise<void> {
    const { algorithm, ownKey } = this.options;
    const newest = async (purpose: KeyPurpose): Promise<StoredKey | undefined> =>
      (await keysStore.all(queries)).filter((row) => row.purpose === purpose).at(-1);
    if (isSymmetric(algorithm)) {
      const end = this.clock.now() + this.options.longestAccessToken;
      await keysStore.retireOthers(queries, 'access', undefined, end);
    } else if (ownKey !== undefined) {
      await this.#insertOwn(queries, importSigningKey(ownKey, algorithm));
    } else {
      const key = await newest('access');
      if (key?.algorithm !== algorithm || key.retired_at !== null) await this.#rotate(queries, 'access');
    }
    if (!(await newest('refresh'))) await this.#rotate(queries, 'refresh');
    await this.#endGaps(queries);
  }

  /** A key was revoked while its successor was only published: the successor signs from now on. */
  async #endGaps(queries: Queries): Promise<void> {
    const now = this.clock.now();
    const rows = await keysStore.all(queries);
    for (const purpose of keyPurposes) {
      const kept = rows.filter((row) => row.purpose === purpose && (row.retired_at ?? Infinity) > now);
      const [first] = kept;
      if (first && first.active_at > now) await keysStore.schedule(queries, first.id, now);
    }
  }

  async #insertOwn(
    queries: Queries,
    key: SigningKey,
  ): Promise<{ readonly id: string; readonly activeAt: number } | undefined> {
    const rows = (await keysStore.all(queries)).filter(({ purpose }) => purpose === 'access');
    if (rows.at(-1)?.id === key.id) return undefined;
    if (!rows.some(({ id }) => id === key.id)) {
      return { id: key.id, activeAt: await this.#insertSigning(queries, key) };
    }
    // One that signed before comes back; all who know the ring know it already.
    const activeAt = this.clock.now();
    await keysStore.schedule(queries, key.id, activeAt);
    await keysStore.retireOthers(queries, 'access', key.id, activeAt + this.options.longestAccessToken);
    return { id: key.id, activeAt };
  }

  async #rotate(queries: Queries, purpose: KeyPurpose): Promise<number> {
    if (purpose === 'refresh') return this.#insertRefresh(queries);
    const { algorithm, ownKey } = this.options;
    if (ownKey !== undefined) {
      throw new KeyRingError('Access tokens are signed with JWT_PRIVATE_KEY. To rotate, set another one.');
    }
    if (isSymmetric(algorithm)) {
      throw new KeyRingError(
        `Access tokens are signed with ${algorithm} and JWT_SECRET_KEY. To rotate, set a new JWT_SECRET_KEY and move the old one to JWT_PREVIOUS_SECRET_KEYS.`,
      );
    }
    return this.#insertSigning(queries, generateSigningKey(algorithm));
  }

  async #insertSigning(queries: Queries, key: SigningKey): Promise<number> {
    const activeAt = await this.#activeAt(queries, 'access', this.options.publishAhead);
    await keysStore.insert(queries, {
      ...this.#times(activeAt),
      id: key.id,
      purpose: 'access',
      algorithm: key.algorithm,
      public_key: JSON.stringify(publicJwk(key)),
      sealed_key: this.sealing.seal(
        JSON.stringify(key.privateKey.export({ format: 'jwk' })),
        sealingContext({ id: key.id, purpose: 'access' }),
      ),
    });
    await keysStore.retireOthers(queries, 'access', key.id, activeAt + this.options.longestAccessToken);
    return activeAt;
  }

  async #insertRefresh(queries: Queries): Promise<number> {
    const activeAt = await this.#activeAt(queries, 'refresh', refreshKeyAhead);
    const id = randomBytes(9).toString('base64url');
    await keysStore.insert(queries, {
      ...this.#times(activeAt),
      id,
      purpose: 'refresh',
      algorithm: 'HS256',
      public_key: null,
      sealed_key: this.sealing.seal(
        randomBytes(32).toString('base64url'),
        sealingContext({ id, purpose: 'refresh' }),
      ),
    });
    // Sessions that were begun under a longer lifetime than is set now count, too.
    const lastExpiry = Math.max(
      await sessionsStore.lastExpiry(queries),
      activeAt + this.options.refreshToken,
    );
    await keysStore.retireOthers(queries, 'refresh', id, lastExpiry);
    return activeAt;
  }

  /** At once where no key of the purpose is active: nobody can have cached one. */
  async #activeAt(queries: Queries, purpose: KeyPurpose, ahead: number): Promise<number> {
    const now = this.clock.now();
    const active = (await keysStore.all(queries)).some(
      (row) => row.purpose === purpose && row.active_at <= now && (row.retired_at ?? Infinity) > now,
    );
    return active ? now + ahead : now;
  }

  #times(activeAt: number): Pick<StoredKey, 'created_at' | 'active_at' | 'retired_at'> {
    return { created_at: this.clock.now(), active_at: activeAt, retired_at: null };
  }

  #openSigning(row: StoredKey): SigningKey {
    const algorithm = asymmetricAlgorithms.find((each) => each === row.algorithm);
    if (!algorithm) {
      throw new KeyRingError(
        `The key ${row.id} in the database is for ${row.algorithm}, which this version does not know.`,
      );
    }
    return openSigningKey(unseal(row, this.sealing), algorithm);
  }

  #openRefresh(row: StoredKey): RefreshKey {
    return { id: row.id, secret: createSecretKey(Buffer.from(unseal(row, this.sealing), 'base64url')) };
  }
}

/** Whether the keys in the database are encrypted with this secret. */
export async function secretOpensKeys(database: Database, sealing: KeySealing): Promise<boolean> {
  try {
    for (const row of await keysStore.all(database.queries)) unseal(row, sealing);
    return true;
  } catch (error) {
    if (error instanceof KeyRingError) return false;
    throw error;
  }
}

function sealingContext({ id, purpose }: Pick<StoredKey, 'id' | 'purpose'>): string {
  return `${purpose} ${id}`;
}

function unseal(row: StoredKey, sealing: KeySealing): string {
  try {
    return sealing.unseal(row.sealed_key, sealingContext(row));
  } catch (cause) {
    if (!(cause instanceof UnsealError)) throw cause;
    throw new KeyRingError(
      'LATCHKEY_SECRET does not open the keys in the database. Set the secret that this database was made with (on SQLite it may be in the .secret file beside the database).',
      { cause },
    );
  }
}

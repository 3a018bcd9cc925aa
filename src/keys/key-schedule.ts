import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import { isSymmetric, type Algorithm } from './algorithms.js';
import type { KeySealing } from './key-sealing.js';
import { dataKeysStore } from './data-keys.store.js';
import { KeyRingError, getSealingContext, unseal, type SealedKey } from './stored-keys.js';
import type { IssuedTokens } from './issued-tokens.js';
import { keysStore, type KeyPurpose, type StoredKey } from './keys.store.js';
import { SpareSigningKey } from './spare-signing-key.js';
import {
  importSigningKey,
  KeyImportError,
  toPublicJwk,
  validateStoredKey,
  type SigningKey,
  createKeyId,
} from './signing-keys.js';

export interface KeyRingOptions {
  /** The algorithm that new access tokens are signed with. */
  readonly algorithm: Algorithm;
  /** Shared secrets whose tokens are accepted; with a symmetric algorithm the first one signs. */
  readonly secrets: readonly string[];
  /** The operator's private key in PEM or JWK form, which signs if it is set (`JWT_PRIVATE_KEY`). */
  readonly ownKey: string | undefined;
  /** How long a new key is published before it signs, in milliseconds: longer than the JWKS may be cached. */
  readonly publishAhead: number;
  /** The age at which a key is replaced, in milliseconds; 0: never. */
  readonly rotateAfter: number;
  /** Maximum lifetime of an access token, leeway included, in milliseconds. */
  readonly maxAccessTokenLifetime: number;
  /** How long a refresh token lives, in milliseconds. */
  readonly refreshTokenLifetime: number;
}

export const keyPurposes: readonly KeyPurpose[] = ['access', 'refresh'];

/** A key that was imported, and when it begins to sign. */
export interface ImportedKey {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly activeAt: number;
}

/** In milliseconds. A refresh key must reach the other processes before its first use, even if they are cut off for a while. */
const refreshKeyAhead = 30_000;
/** In milliseconds: the maximum of `LATCHKEY_REFRESH_GRACE`. Within the grace an expired refresh token still gives its successor. */
const maxGrace = 300_000;

/**
 * Decides which keys are made, when they begin to sign, and until when they are accepted. A new key is published first
 * and signs later; the one before it is accepted until the last of its tokens has expired.
 * Call each method in a transaction that holds the exclusive lock.
 */
export class KeySchedule {
  readonly #spare = new SpareSigningKey();

  constructor(
    private readonly sealing: KeySealing,
    private readonly clock: Clock,
    private readonly issued: IssuedTokens,
    private readonly options: KeyRingOptions,
  ) {}

  /** To be called before a transaction that may need a new access-token key. */
  async prepareKey(): Promise<void> {
    const { algorithm, ownKey } = this.options;
    if (!isSymmetric(algorithm) && ownKey === undefined) await this.#spare.prepare(algorithm);
  }

  /**
   * Makes the keys that the settings require and the table lacks: the first ones, or one for another algorithm. Deletes
   * keys that must not be used.
   */
  async createMissingKeys(queries: Queries): Promise<void> {
    const { algorithm, ownKey, maxAccessTokenLifetime } = this.options;
    for (const row of await keysStore.list(queries)) {
      if (validateStoredKey(row) !== undefined) await keysStore.delete(queries, row.id);
    }
    if (isSymmetric(algorithm)) {
      await keysStore.retireOthers(queries, 'access', undefined, this.clock.now() + maxAccessTokenLifetime);
    } else if (ownKey !== undefined) {
      await this.#importKey(queries, importSigningKey(ownKey, algorithm));
    } else {
      const newest = (await this.#listKeys(queries, 'access')).at(-1);
      if (newest?.algorithm !== algorithm || newest.retired_at !== null) {
        await this.#insertSigning(queries, await this.#spare.take(algorithm));
      }
    }
    if ((await this.#listKeys(queries, 'refresh')).length === 0) await this.#insertRefresh(queries);
    for (const purpose of keyPurposes) await this.#closeGaps(queries, purpose);
  }

  /** @returns when the new key begins to be used, in milliseconds since the Unix epoch. */
  async rotate(queries: Queries, purpose: KeyPurpose): Promise<number> {
    if (purpose === 'refresh') return this.#insertRefresh(queries);
    const { algorithm, ownKey } = this.options;
    if (isSymmetric(algorithm)) {
      throw new KeyRingError(
        `Access tokens are signed with ${algorithm} and JWT_SECRET_KEY. To rotate, set a new JWT_SECRET_KEY and move the old one to JWT_PREVIOUS_SECRET_KEYS.`,
      );
    }
    if (ownKey !== undefined) {
      throw new KeyRingError('Access tokens are signed with JWT_PRIVATE_KEY. To rotate, set another one.');
    }
    return this.#insertSigning(queries, await this.#spare.take(algorithm));
  }

  /** Rotates keys that have reached the age set for rotation, except those that the operator provides. */
  async rotateIfDue(queries: Queries): Promise<void> {
    for (const purpose of await this.findDue(queries)) await this.rotate(queries, purpose);
  }

  /** Which keys have reached the age set for rotation, except those that the operator provides. */
  async findDue(queries: Queries): Promise<KeyPurpose[]> {
    const { rotateAfter, algorithm, ownKey } = this.options;
    const operatorRotates = ownKey !== undefined || isSymmetric(algorithm);
    const due: KeyPurpose[] = [];
    for (const purpose of operatorRotates ? (['refresh'] as const) : keyPurposes) {
      const newest = (await this.#listKeys(queries, purpose)).at(-1);
      if (newest && newest.created_at + rotateAfter <= this.clock.now()) due.push(purpose);
    }
    return due;
  }

  /**
   * @returns undefined if the key is the newest already.
   * @throws {KeyImportError}
   */
  async import(queries: Queries, text: string): Promise<ImportedKey | undefined> {
    const { algorithm } = this.options;
    const key = importSigningKey(text, algorithm);
    if (key.algorithm !== algorithm) {
      throw new KeyImportError(
        `The key is for ${key.algorithm}, and JWT_ALGORITHM is ${algorithm}. Set JWT_ALGORITHM to ${key.algorithm} first, here and for the service.`,
      );
    }
    return this.#importKey(queries, key);
  }

  /** @returns whether the key was there. */
  async revoke(queries: Queries, id: string): Promise<boolean> {
    const { ownKey, algorithm } = this.options;
    if (ownKey !== undefined && importSigningKey(ownKey, algorithm).id === id) {
      throw new KeyRingError(
        `The key ${id} is JWT_PRIVATE_KEY, which would bring it back. Set another one or none first, here and for the service.`,
      );
    }
    const purpose = await keysStore.delete(queries, id);
    if (purpose === undefined) return false;
    if (purpose === 'refresh') {
      // With a leaked key anyone could have refreshed any session, and may now have a token of another key. So all refresh
      // keys go, which ends all sessions, and all users' access tokens are revoked.
      await keysStore.deleteAll(queries, 'refresh');
      await this.issued.revokeAccessTokens(queries);
    }
    await this.createMissingKeys(queries);
    return true;
  }

  /** Replaces all keys at once, except `JWT_PRIVATE_KEY`: tokens of the old keys stop working. */
  async replaceAll(queries: Queries): Promise<void> {
    const { ownKey, algorithm } = this.options;
    const kept = ownKey === undefined ? undefined : importSigningKey(ownKey, algorithm).id;
    for (const { id } of await keysStore.list(queries)) {
      if (id !== kept) await keysStore.delete(queries, id);
    }
    await this.createMissingKeys(queries);
  }

  /** @param makeSealing called once all keys have been decrypted. */
  async reseal(queries: Queries, makeSealing: () => KeySealing): Promise<void> {
    const open = <Row extends SealedKey>(rows: readonly Row[]) =>
      rows.map((row) => ({ row, key: unseal(row, this.sealing) }));
    const keys = open(await keysStore.list(queries));
    const dataKeys = open(await dataKeysStore.list(queries));
    const sealing = makeSealing();
    for (const { row, key } of keys) {
      await keysStore.reseal(queries, row.id, sealing.seal(key, getSealingContext(row)));
    }
    for (const { row, key } of dataKeys) {
      await dataKeysStore.reseal(queries, row.purpose, sealing.seal(key, getSealingContext(row)));
    }
  }

  async #listKeys(queries: Queries, purpose: KeyPurpose): Promise<StoredKey[]> {
    return (await keysStore.list(queries)).filter((row) => row.purpose === purpose);
  }

  async #importKey(queries: Queries, key: SigningKey): Promise<ImportedKey | undefined> {
    const rows = await this.#listKeys(queries, 'access');
    const newest = rows.at(-1);
    if (newest?.id === key.id && newest.retired_at === null) return undefined;
    const known = rows.find(({ id }) => id === key.id);
    if (!known) return { id: key.id, activeAt: await this.#insertSigning(queries, key) };
    // A key that signed before is used again. While it is accepted it is published, so that all services know it.
    const ahead = this.#isAccepted(known) ? 0 : this.options.publishAhead;
    const activeAt = this.#computeActivation(
      rows.filter(({ id }) => id !== key.id),
      ahead,
    );
    await keysStore.schedule(queries, key.id, activeAt);
    await this.#retireOthers(queries, 'access', key.id, activeAt + this.options.maxAccessTokenLifetime);
    return { id: key.id, activeAt };
  }

  async #insertSigning(queries: Queries, key: SigningKey): Promise<number> {
    const rows = await this.#listKeys(queries, 'access');
    const activeAt = this.#computeActivation(rows, this.options.publishAhead);
    await this.#insert(queries, rows, JSON.stringify(key.privateKey.export({ format: 'jwk' })), {
      id: key.id,
      purpose: 'access',
      algorithm: key.algorithm,
      public_key: JSON.stringify(toPublicJwk(key)),
      active_at: activeAt,
    });
    await this.#retireOthers(queries, 'access', key.id, activeAt + this.options.maxAccessTokenLifetime);
    return activeAt;
  }

  async #insertRefresh(queries: Queries): Promise<number> {
    const rows = await this.#listKeys(queries, 'refresh');
    const activeAt = this.#computeActivation(rows, refreshKeyAhead);
    const id = createKeyId();
    await this.#insert(queries, rows, randomBytes(32).toString('base64url'), {
      id,
      purpose: 'refresh',
      algorithm: 'HS256',
      public_key: null,
      active_at: activeAt,
    });
    // Sessions that began under a longer lifetime than the one that is set now count, too.
    const lastExpiry = Math.max(
      await this.issued.findLastSessionExpiry(queries),
      activeAt + this.options.refreshTokenLifetime,
    );
    await this.#retireOthers(queries, 'refresh', id, lastExpiry + maxGrace);
    return activeAt;
  }

  /** @param rows the keys with the same purpose. */
  async #insert(
    queries: Queries,
    rows: readonly StoredKey[],
    secretHalf: string,
    row: Pick<StoredKey, 'id' | 'purpose' | 'algorithm' | 'public_key' | 'active_at'>,
  ): Promise<void> {
    // The secret may have been rotated since this process read it. Keys encrypted with two secrets could not all be decrypted with either.
    if (rows[0]) unseal(rows[0], this.sealing);
    await keysStore.insert(queries, {
      ...row,
      sealed_key: this.sealing.seal(secretHalf, getSealingContext(row)),
      created_at: this.clock.now(),
      retired_at: null,
    });
  }

  /** At once if no key is in use, because then no service has cached any. Never before a key that was published earlier. */
  #computeActivation(rows: readonly StoredKey[], ahead: number): number {
    const now = this.clock.now();
    if (!this.#findInUse(rows)) return now;
    return Math.max(now + ahead, (rows.at(-1)?.active_at ?? 0) + 1);
  }

  /** The earlier keys are accepted until `end` at the latest, and the key that signs now exactly until `end`. */
  async #retireOthers(queries: Queries, purpose: KeyPurpose, id: string, end: number): Promise<void> {
    await keysStore.retireOthers(queries, purpose, id, end);
    const inUse = this.#findInUse(await this.#listKeys(queries, purpose));
    if (inUse && inUse.id !== id) await keysStore.retire(queries, inUse.id, end);
  }

  /**
   * After a key was revoked: if no key is in use, the next one signs at once; if an earlier key signs again, its tokens
   * are accepted until they expire.
   */
  async #closeGaps(queries: Queries, purpose: KeyPurpose): Promise<void> {
    const now = this.clock.now();
    const rows = await this.#listKeys(queries, purpose);
    const next = rows.find((row) => row.active_at > now && row.retired_at === null);
    const inUse = this.#findInUse(rows);
    if (!next) return;
    if (!inUse) await keysStore.schedule(queries, next.id, now);
    else if (inUse.retired_at !== null) {
      const { maxAccessTokenLifetime, refreshTokenLifetime } = this.options;
      const end =
        next.active_at + (purpose === 'access' ? maxAccessTokenLifetime : refreshTokenLifetime + maxGrace);
      await keysStore.retire(queries, inUse.id, Math.max(inUse.retired_at, end));
    }
  }

  #findInUse(rows: readonly StoredKey[]): StoredKey | undefined {
    const now = this.clock.now();
    return rows.findLast((row) => row.active_at <= now && this.#isAccepted(row));
  }

  #isAccepted({ retired_at: retiredAt }: StoredKey): boolean {
    return retiredAt === null || retiredAt > this.clock.now();
  }
}

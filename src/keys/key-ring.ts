import { serviceActor, type Actor } from '../audit/actor.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import { auditKeyChange, type KeyChange } from './key-audit.js';
import type { KeySealing } from './key-sealing.js';
import { KeyRingError } from './stored-keys.js';
import { KeySchedule, type KeyRingOptions, type ImportedKey } from './key-schedule.js';
import { keysStore, type KeyPurpose } from './keys.store.js';
import { openKeys, type KeyTimes, type OpenKeys, type RefreshKey, type Scheduled } from './open-keys.js';
import { toPublicJwk, createSharedKeys, type PublicJwk, type SigningKey } from './signing-keys.js';
import type { IssuedTokens } from './issued-tokens.js';

/**
 * All keys, in memory. Which of them signs and which are accepted follows from the times in the table, which
 * `KeySchedule` sets, so that no process has to be notified when one key takes over from another.
 */
export class KeyRing {
  #keys: OpenKeys = { signing: new Map(), refresh: new Map(), refused: [] };
  readonly #shared: ReadonlyMap<string, SigningKey>;
  readonly #sharedSigner: SigningKey | undefined;
  readonly #schedule: KeySchedule;
  #removals = 0;

  private constructor(
    private readonly database: Database,
    private readonly sealing: KeySealing,
    private readonly clock: Clock,
    issued: IssuedTokens,
    private readonly options: KeyRingOptions,
  ) {
    const shared = createSharedKeys(options.secrets);
    this.#shared = new Map(shared.map((key) => [key.id, key]));
    this.#sharedSigner = shared.find(({ algorithm }) => algorithm === options.algorithm);
    this.#schedule = new KeySchedule(sealing, clock, issued, options);
  }

  /**
   * Opens the ring, and makes no keys.
   * @throws {KeyRingError} if the secret does not decrypt the stored keys.
   */
  static async open(
    database: Database,
    sealing: KeySealing,
    clock: Clock,
    issued: IssuedTokens,
    options: KeyRingOptions,
  ): Promise<KeyRing> {
    const ring = new KeyRing(database, sealing, clock, issued, options);
    await ring.reload();
    return ring;
  }

  /** Makes the keys that the settings require and the ring lacks: the first ones, or one for another algorithm. */
  createMissingKeys(): Promise<void> {
    return this.#change(
      (queries) => this.#schedule.createMissingKeys(queries),
      { event: 'key_created', actor: serviceActor },
      this.#keys.signing.size === 0,
    );
  }

  /** The key that signs access tokens now. */
  get signingKey(): SigningKey {
    return this.#sharedSigner ?? this.#requireCurrent(this.#keys.signing, 'access token');
  }

  /** The first start makes one. */
  get hasSigningKey(): boolean {
    return this.#sharedSigner !== undefined || this.#keys.signing.size > 0;
  }

  /** The key that makes refresh tokens now. */
  get refreshKey(): RefreshKey {
    return this.#requireCurrent(this.#keys.refresh, 'refresh token');
  }

  /** The access-token key with this `kid`, if its tokens are accepted. */
  findSigningKey(id: string): SigningKey | undefined {
    const key = this.#keys.signing.get(id);
    if (key) return key.retiredAt > this.clock.now() ? key : undefined;
    return this.#shared.get(id);
  }

  findRefreshKey(id: string): RefreshKey | undefined {
    const key = this.#keys.refresh.get(id);
    return key && key.retiredAt > this.clock.now() ? key : undefined;
  }

  /** The public keys that verify tokens now and after the next rotation. */
  listPublishedKeys(): PublicJwk[] {
    return [...this.#keys.signing.values()]
      .filter(({ retiredAt }) => retiredAt > this.clock.now())
      .map(toPublicJwk);
  }

  /** The asymmetric keys with their times, in the order in which they become active. */
  listSigningKeys(): Scheduled<SigningKey>[] {
    return [...this.#keys.signing.values()];
  }

  /** The refresh-token keys with their times, in the same order. */
  listRefreshKeys(): Scheduled<RefreshKey>[] {
    return [...this.#keys.refresh.values()];
  }

  /** The times of the key in use; undefined while there is none, and for a shared secret (`JWT_SECRET_KEY`). */
  findCurrentTimes(purpose: KeyPurpose): KeyTimes | undefined {
    if (purpose === 'access' && this.#sharedSigner) return undefined;
    const keys: ReadonlyMap<string, KeyTimes> =
      purpose === 'access' ? this.#keys.signing : this.#keys.refresh;
    const now = this.clock.now();
    return [...keys.values()].findLast(({ activeAt, retiredAt }) => activeAt <= now && retiredAt > now);
  }

  /** A sentence for each key in the table that must be used neither to sign nor to verify. */
  get refusedKeys(): readonly string[] {
    return this.#keys.refused;
  }

  /** Increases when a key is removed: tokens verified with it are no longer valid. */
  get removals(): number {
    return this.#removals;
  }

  /** Reads the table again, because another process may have changed it. Known keys are not decrypted again. */
  async reload(): Promise<void> {
    const rows = await keysStore.list(this.database.queries);
    const before = this.#keys;
    this.#keys = openKeys(rows, this.sealing, before);
    if ([...before.signing.keys()].some((id) => !this.#keys.signing.has(id))) this.#removals += 1;
  }

  /**
   * Makes a new key, which is published now and signs later, and sets when the earlier ones retire.
   * @returns when the new key begins to sign, in milliseconds since the Unix epoch.
   * @throws {KeyRingError} if the operator provides the key.
   */
  rotate(purpose: KeyPurpose, actor: Actor): Promise<number> {
    return this.#change(
      (queries) => this.#schedule.rotate(queries, purpose),
      { event: 'key_rotated', actor },
      purpose === 'access',
    );
  }

  /** Rotates keys that have reached the age set for rotation. If several processes try, one does it. */
  async rotateIfDue(): Promise<void> {
    if (this.options.rotateAfter === 0) return;
    // Checked before the transaction, whose lock others would wait for; reloaded, because another process may have rotated.
    const due = await this.#schedule.findDue(this.database.queries);
    if (due.length === 0) return this.reload();
    await this.#change(
      (queries) => this.#schedule.rotateIfDue(queries),
      { event: 'key_rotated', actor: serviceActor },
      due.includes('access'),
    );
  }

  /**
   * Imports a private key in PEM or JWK form; it is published now and signs later.
   * @returns undefined if it is the newest key already.
   * @throws {KeyImportError}
   */
  import(text: string, actor: Actor): Promise<ImportedKey | undefined> {
    return this.#change((queries) => this.#schedule.import(queries, text), { event: 'key_imported', actor });
  }

  /**
   * Removes a leaked key at once: this revokes the tokens of an access-token key, and ends the sessions of a refresh-token
   * key. If the key is in use, its successor signs at once, without being published ahead.
   * @returns whether the key was there.
   * @throws {KeyRingError} if it is `JWT_PRIVATE_KEY`.
   */
  revoke(id: string, actor: Actor): Promise<boolean> {
    return this.#change(
      (queries) => this.#schedule.revoke(queries, id),
      { event: 'key_created', actor },
      this.#keys.signing.has(id),
    );
  }

  /**
   * Replaces all keys at once, except `JWT_PRIVATE_KEY`: every earlier token stops working.
   * @param also further work in the same transaction.
   */
  replaceAll(actor: Actor, also: (queries: Queries) => Promise<void>): Promise<void> {
    return this.#change(
      async (queries) => {
        await this.#schedule.replaceAll(queries);
        await also(queries);
      },
      { event: 'key_created', actor },
    );
  }

  /**
   * Encrypts all keys with another secret, in one transaction.
   * @param makeSealing called in it, once all keys have been decrypted.
   */
  reseal(makeSealing: () => KeySealing, actor: Actor): Promise<void> {
    return this.database.withExclusiveLock(async (queries) => {
      await this.#schedule.reseal(queries, makeSealing);
      const target = { kind: 'secret', id: 'LATCHKEY_SECRET' } as const;
      await auditStore.add(queries, this.clock, { event: 'secret_changed', actor, target });
    });
  }

  async deleteRetired(): Promise<void> {
    await keysStore.deleteRetired(this.database.queries, this.clock.now());
  }

  /** @param makesKey whether the change needs a new access-token key, which is generated before the transaction begins. */
  async #change<T>(work: (queries: Queries) => Promise<T>, change: KeyChange, makesKey = false): Promise<T> {
    if (makesKey) await this.#schedule.prepareKey();
    const result = await this.database.withExclusiveLock(async (queries) => {
      const before = await keysStore.list(queries);
      const done = await work(queries);
      await auditKeyChange(queries, this.clock, before, change);
      return done;
    });
    await this.reload();
    return result;
  }

  #requireCurrent<Key>(keys: ReadonlyMap<string, Scheduled<Key>>, what: string): Key {
    const now = this.clock.now();
    const accepted = [...keys.values()].filter(({ retiredAt }) => retiredAt > now);
    // None is active yet if this clock is behind that of the process that made the first key, or was set back.
    const current = accepted.findLast(({ activeAt }) => activeAt <= now) ?? accepted[0];
    if (!current) {
      throw new KeyRingError(
        keys.size === 0
          ? `There are no ${what} keys yet: the first start of the service makes them.`
          : `No ${what} key is active now. Is the clock right?`,
      );
    }
    return current;
  }
}

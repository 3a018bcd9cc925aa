import { DatabaseUnavailable } from '../database/database-unavailable.js';
import type { Feed } from './feed.js';
import type { Database } from '../database/database.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Revocations } from './revocations.js';
import { revocationsStore } from './revocations.store.js';

/** Asks the database about a token while the feed is stale, so that revocations may be missing in memory. */
export class TokenConfirmation {
  #asked = 0;

  constructor(
    private readonly database: Database,
    private readonly feed: Feed,
    private readonly revocations: Revocations,
    private readonly ring: KeyRing,
    /** How long a request waits for the database, in milliseconds. */
    private readonly timeout: number,
  ) {}

  /** Does no I/O, because it is read for each request. */
  get isNeeded(): boolean {
    return !this.feed.isCurrent();
  }

  /** How often the database was asked since the start. */
  get asked(): number {
    return this.#asked;
  }

  /**
   * Applies the revocations that concern a token, and reloads the keys if they have changed. Memory is right for this
   * token then.
   * @throws {DatabaseUnavailable} if the database does not respond in time.
   */
  async confirm(claims: AccessTokenClaims): Promise<void> {
    this.#asked += 1;
    const { rows, keyIds } = await this.#withTimeout(
      revocationsStore.findForToken(this.database.queries, claims),
    );
    this.revocations.apply(rows);
    const known = this.ring.listSigningKeys().map(({ id }) => id);
    if (keyIds.length !== known.length || keyIds.some((id) => !known.includes(id))) {
      await this.#withTimeout(this.ring.reload());
    }
  }

  async #withTimeout<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new DatabaseUnavailable('the database did not say in time whether the token was revoked'));
      }, this.timeout);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

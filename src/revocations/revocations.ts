import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { RevocationKind } from '../database/schema.js';
import { nextTurn } from '../event-loop.js';
import type { AccessTokenClaims } from '../tokens/access-token-claims.js';
import { runInBatches } from '../database/batches.js';
import { RevocationShards } from './revocation-shards.js';
import {
  everyRole,
  revocationsStore,
  type LiveRevocation,
  type RevocationColumns,
} from './revocations.store.js';

export type { LiveRevocation };

/** Revokes every version: for a user or client that is deleted. */
export const everyVersion = Number.MAX_SAFE_INTEGER;

/** Rows are read in pages, so that requests are served in between and no statement times out. */
const rowsPerPage = 5000;

/** Receives revocations that are new to this process, after they have taken effect in it. */
export type RevocationListener = (rows: readonly LiveRevocation[]) => void;

/**
 * All revocations of tokens that have not expired, in memory, so that a request is checked without I/O. The table is
 * authoritative; whatever writes to it passes the rows to `apply` after the commit and before the response.
 */
export class Revocations {
  readonly #held: Readonly<Record<RevocationKind, RevocationShards>> = {
    session: new RevocationShards({ hasVersions: false }),
    token: new RevocationShards({ hasVersions: false }),
    subject: new RevocationShards({ hasVersions: true }),
    role: new RevocationShards({ hasVersions: true }),
  };
  readonly #listeners = new Set<RevocationListener>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  isRevoked({ sid, jti, sub, ver, roles, roles_ver: rolesVersion = 0 }: AccessTokenClaims): boolean {
    const { session, token, subject, role } = this.#held;
    return (
      (sid !== undefined && session.has(sid)) ||
      token.has(jti) ||
      // Versions, never clocks: `iat` has whole seconds and would accept older tokens or refuse newer ones.
      ver < subject.getVersion(sub) ||
      // Clients, whose tokens have no session, have no roles.
      // A token of another application has roles, and no session.
      ((sid !== undefined || roles.length > 0) &&
        (rolesVersion < role.getVersion(everyRole) ||
          roles.some((name) => rolesVersion < role.getVersion(name))))
    );
  }

  /** Whether one token was revoked by itself. */
  isTokenRevoked(jti: string): boolean {
    return this.#held.token.has(jti);
  }

  /** Number of revocations in memory. */
  get size(): number {
    return this.#tables.reduce((sum, [, table]) => sum + table.size, 0);
  }

  /** Number of revocations in memory, by kind. */
  get sizes(): readonly (readonly [RevocationKind, number])[] {
    return this.#tables.map(([kind, table]) => [kind, table.size]);
  }

  /** All revocations in memory. Iterate without awaiting in between: `prune` moves them. */
  *snapshot(): Iterable<LiveRevocation> {
    for (const [kind, table] of this.#tables) {
      for (const { target, version, expiresAt } of table.entries()) {
        yield { kind, target, version: hasVersion(kind) ? version : null, expires_at: expiresAt };
      }
    }
  }

  /**
   * Calls back with each revocation that is new here, or whose expiry or version has risen.
   * @returns a function that ends the subscription.
   */
  subscribe(listener: RevocationListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Puts committed rows into effect in this process. */
  apply(rows: readonly LiveRevocation[]): void {
    this.#notifyListeners(rows.filter((row) => this.#add(row)));
  }

  /**
   * Applies the whole table: at the start, and whenever something may have been missed. Rows committed before the call
   * are in one of the pages; rows committed meanwhile come by `apply`.
   */
  async readAll(): Promise<void> {
    for (const [kind] of this.#tables) await this.#readKind(kind);
  }

  /** Removes, in memory and in the table, revocations whose tokens have all expired. */
  async prune(): Promise<void> {
    const now = this.clock.now();
    await runInBatches(this.database, (queries, limit) =>
      revocationsStore.deleteExpired(queries, now, limit),
    );
    for (const [, table] of this.#tables) {
      for (const part of table.parts) {
        part.removeExpired(now);
        await nextTurn();
      }
    }
  }

  get #tables(): [RevocationKind, RevocationShards][] {
    return Object.entries(this.#held) as [RevocationKind, RevocationShards][];
  }

  async #readKind(kind: RevocationKind): Promise<void> {
    const read = (after: string): Promise<RevocationColumns> =>
      revocationsStore.listLive(this.database.queries, kind, this.clock.now(), {
        limit: rowsPerPage,
        after,
      });
    let page = await read('');
    for (let last = page.next; last !== undefined; last = page.next) {
      // The database reads the next page while this one is applied.
      [page] = await Promise.all([read(last), this.#addPageNextTurn(kind, page)]);
    }
    await this.#addPageNextTurn(kind, page);
  }

  /** In the next turn of the event loop, so that the query for the next page is sent first. */
  async #addPageNextTurn(kind: RevocationKind, page: RevocationColumns): Promise<void> {
    await nextTurn();
    this.#addPage(kind, page);
  }

  #addPage(kind: RevocationKind, { targets, expiries, versions }: RevocationColumns): void {
    const news: LiveRevocation[] = [];
    for (const [index, target] of targets.entries()) {
      const version = hasVersion(kind) ? (versions[index] ?? 0) : null;
      const row = { kind, target, version, expires_at: expiries[index] ?? 0 };
      if (this.#add(row) && this.#listeners.size > 0) news.push(row);
    }
    this.#notifyListeners(news);
  }

  #notifyListeners(news: readonly LiveRevocation[]): void {
    if (news.length > 0) for (const listener of this.#listeners) listener(news);
  }

  /** @returns whether anything changed. */
  #add({ kind, target, version, expires_at: expiresAt }: LiveRevocation): boolean {
    return this.#held[kind].add(target, expiresAt, hasVersion(kind) ? (version ?? everyVersion) : 0);
  }
}

function hasVersion(kind: RevocationKind): boolean {
  return kind === 'subject' || kind === 'role';
}

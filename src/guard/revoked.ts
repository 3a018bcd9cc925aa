import type { Claims } from './claims.js';

/** An item of the feed: the contract's `RevocationEntry`. */
export interface RevocationEntry {
  readonly kind: string;
  readonly id: string;
  readonly version?: number;
  readonly expires_at: string;
}

/** How many entries one sweep checks, which takes about a millisecond. */
const maxSweep = 10_000;

/** In the feed, the id of a `role` revocation that concerns every user. */
const everyRole = '*';

/** The revocations of tokens that have not expired, in memory. */
export class Revoked {
  /** Identifier → expiry in seconds since the Unix epoch. V8 stores small integers without allocating. */
  readonly #sessions = new Map<string, number>();
  readonly #tokens = new Map<string, number>();
  readonly #subjects = new Map<string, Versioned>();
  readonly #roles = new Map<string, Versioned>();
  #sweep: Iterator<void> | undefined;

  /** Number of revocations. */
  get size(): number {
    return this.#sessions.size + this.#tokens.size + this.#subjects.size + this.#roles.size;
  }

  has({ sid, jti, sub, ver, roles, roles_ver: rolesVersion = 0 }: Claims): boolean {
    if ((sid !== undefined && this.#sessions.has(sid)) || this.#tokens.has(jti)) return true;
    // Versions, never clocks: `iat` has whole seconds and would accept older tokens or refuse newer ones.
    if (ver < getVersion(this.#subjects, sub)) return true;
    // Clients, whose tokens have no session, have no roles.
    if (this.#roles.size === 0 || sid === undefined) return false;
    return (
      rolesVersion < getVersion(this.#roles, everyRole) ||
      roles.some((name) => rolesVersion < getVersion(this.#roles, name))
    );
  }

  /** Adds items of the feed; an item may come again. */
  add(entries: readonly RevocationEntry[]): void {
    for (const { kind, id, version = Infinity, expires_at: expiresAt } of entries) {
      const until = Math.ceil(Date.parse(expiresAt) / 1000);
      if (kind === 'subject' || kind === 'role') {
        const held = kind === 'subject' ? this.#subjects : this.#roles;
        const known = held.get(id);
        held.set(id, {
          version: Math.max(version, known?.version ?? 0),
          until: Math.max(until, known?.until ?? 0),
        });
      } else if (kind === 'session' || kind === 'token') {
        const held = kind === 'session' ? this.#sessions : this.#tokens;
        held.set(id, Math.max(until, held.get(id) ?? 0));
      }
    }
  }

  /**
   * Removes expired revocations among the next `maxSweep` entries; the next call continues after them.
   * @param now seconds since the Unix epoch.
   */
  sweep(now: number): void {
    for (let looked = 0; looked < maxSweep; looked += 1) {
      this.#sweep ??= this.#expired(now);
      if (this.#sweep.next().done) {
        this.#sweep = undefined;
        return;
      }
    }
  }

  *#expired(now: number): Generator<void> {
    for (const held of [this.#sessions, this.#tokens]) {
      for (const [id, until] of held) {
        if (until <= now) held.delete(id);
        yield;
      }
    }
    for (const held of [this.#subjects, this.#roles]) {
      for (const [id, { until }] of held) {
        if (until <= now) held.delete(id);
        yield;
      }
    }
  }
}

/** The lowest version that is not revoked, and the revocation's expiry in seconds since the Unix epoch. */
interface Versioned {
  readonly version: number;
  readonly until: number;
}

function getVersion(held: ReadonlyMap<string, Versioned>, id: string): number {
  return held.get(id)?.version ?? 0;
}

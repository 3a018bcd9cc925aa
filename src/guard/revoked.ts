import type { Claims } from './claims.js';

/** An item of the feed, as the contract's `RevocationEntry` has it. */
export interface RevocationEntry {
  readonly kind: string;
  readonly id: string;
  readonly version?: number;
  readonly expires_at: string;
}

/** How many are looked at in one go for what may be forgotten: a millisecond. */
const maxSweep = 10_000;

/** What stands in the feed for the users of every role. */
const everyRole = '*';

/** What is revoked, in memory, for as long as a token that it concerns may live. */
export class Revoked {
  /** Identifier → until when, in seconds since the Unix epoch: small integers cost no memory of their own. */
  readonly #sessions = new Map<string, number>();
  readonly #tokens = new Map<string, number>();
  readonly #subjects = new Map<string, Versioned>();
  readonly #roles = new Map<string, Versioned>();
  #sweep: Iterator<void> | undefined;

  /** How many are held. */
  get size(): number {
    return this.#sessions.size + this.#tokens.size + this.#subjects.size + this.#roles.size;
  }

  has({ sid, jti, sub, ver, roles, roles_ver: rolesVersion = 0 }: Claims): boolean {
    if ((sid !== undefined && this.#sessions.has(sid)) || this.#tokens.has(jti)) return true;
    // Versions, never clocks: `iat` has whole seconds and would accept older tokens or refuse newer ones.
    if (ver < getVersion(this.#subjects, sub)) return true;
    // A client has no roles.
    if (this.#roles.size === 0 || sid === undefined) return false;
    return (
      rolesVersion < getVersion(this.#roles, everyRole) ||
      roles.some((name) => rolesVersion < getVersion(this.#roles, name))
    );
  }

  /** Takes over what the feed tells; what is known already may come again. */
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
   * Forgets some of what no living token is concerned by any more, and goes on there the next time.
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

/** The least version that is good, and until when that is of interest, in seconds since the Unix epoch. */
interface Versioned {
  readonly version: number;
  readonly until: number;
}

function getVersion(held: ReadonlyMap<string, Versioned>, id: string): number {
  return held.get(id)?.version ?? 0;
}

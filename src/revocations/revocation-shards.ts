import { RevocationTable, type RevokedEntry } from './revocation-table.js';

/** One for each value of an identifier's last hexadecimal digit, which is random in the service's UUIDs. */
const shardCount = 16;

/**
 * A table of revoked identifiers, split into shards. With a million of them, removing the expired ones takes a tenth of
 * a second, and growing the table nearly as long; a shard takes a sixteenth of that, and requests are served in between.
 */
export class RevocationShards {
  /** For removing expired entries from one shard after the other. */
  readonly parts: readonly RevocationTable[];

  constructor(options: { readonly hasVersions: boolean }) {
    this.parts = Array.from({ length: shardCount }, () => new RevocationTable(options));
  }

  get size(): number {
    return this.parts.reduce((sum, { size }) => sum + size, 0);
  }

  has(id: string): boolean {
    return this.#getShard(id).has(id);
  }

  getVersion(id: string): number {
    return this.#getShard(id).getVersion(id);
  }

  add(id: string, expiresAt: number, version = 0): boolean {
    return this.#getShard(id).add(id, expiresAt, version);
  }

  /** All entries. Iterate without awaiting in between: `removeExpired` moves them. */
  *entries(): Generator<RevokedEntry> {
    for (const part of this.parts) yield* part.entries();
  }

  #getShard(id: string): RevocationTable {
    const code = id.charCodeAt(id.length - 1);
    // 0 to 15 for the characters 0 to f: bit 6 is set in the codes of letters alone.
    const part = this.parts[(code + (code >>> 6) * 9) & (shardCount - 1)];
    if (!part) throw new RangeError('There are sixteen parts.');
    return part;
  }
}

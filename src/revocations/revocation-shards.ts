import { RevocationTable, type RevokedEntry } from './revocation-table.js';

/** So many tables, by an identifier's last hexadecimal digit, which is drawn at random in every UUID of the service's. */
const shardCount = 16;

/**
 * A table of revoked identifiers in parts, each a table of its own: with a million of them, to let go of what has ended
 * takes a tenth of a second, and to grow nearly as long. A part takes its share of that, and others come in between.
 */
export class RevocationShards {
  /** To let go of what has ended in, one after the other. */
  readonly parts: readonly RevocationTable[];

  constructor(options: { readonly hasVersions: boolean }) {
    this.parts = Array.from({ length: shardCount }, () => new RevocationTable(options));
  }

  get size(): number {
    return this.parts.reduce((sum, { size }) => sum + size, 0);
  }

  has(id: string): boolean {
    return this.#shardOf(id).has(id);
  }

  versionOf(id: string): number {
    return this.#shardOf(id).versionOf(id);
  }

  add(id: string, expiresAt: number, version = 0): boolean {
    return this.#shardOf(id).add(id, expiresAt, version);
  }

  /** All entries. To be gone through at once: `forget` moves them. */
  *entries(): Generator<RevokedEntry> {
    for (const part of this.parts) yield* part.entries();
  }

  #shardOf(id: string): RevocationTable {
    const code = id.charCodeAt(id.length - 1);
    // 0 to 15 for 0 to f: a letter's code has a bit that no digit's has.
    const part = this.parts[(code + (code >>> 6) * 9) & (shardCount - 1)];
    if (!part) throw new RangeError('There are sixteen parts.');
    return part;
  }
}

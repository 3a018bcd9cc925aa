import { randomBytes } from 'node:crypto';

/** The entry of one identifier. */
export interface RevokedEntry {
  readonly target: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** 0 where it has none. */
  readonly version: number;
}

/** Entries are stored in blocks of 256, so that the table grows without being copied. */
const blockBits = 8;
const blockSize = 1 << blockBits;
const inBlock = blockSize - 1;

interface Block {
  /** Four words for each identifier. */
  readonly ids: Int32Array;
  readonly expiries: Float64Array;
  readonly versions: Float64Array | undefined;
}

const minSlots = 64;
/** A large table is compacted only from this share of expired entries on: that takes a tenth of a second for a million. */
const minExpiredShare = 1 / 8;
const largeTable = 10_000;

/** Character code → value of the lowercase hexadecimal digit; -1 for all other characters. */
const digits = new Int8Array(0x10000).fill(-1);
for (let value = 0; value < 16; value += 1) digits[value.toString(16).charCodeAt(0)] = value;

/**
 * Revoked identifiers, each with an expiry and possibly a version: a hash table of 128-bit numbers that takes 28 to 44
 * bytes an entry, where a Map of strings takes about 120. All 128 bits are compared, so that no identifier is mistaken
 * for another. Identifiers that are not lowercase UUIDs are in a Map.
 */
export class RevocationTable {
  /** Random in each process, so that nobody can choose identifiers that collide. */
  readonly #seed = randomBytes(4).readInt32LE();
  readonly #others = new Map<string, { expiresAt: number; version: number }>();
  #blocks: Block[] = [];
  #count = 0;
  /**
   * Each slot has an entry's index plus one, or 0 if it is free. Their number is a power of two, and at most half are
   * taken. The bits above the index are the hash's: with them a lookup rarely reads the entry of another identifier,
   * which is a cache miss.
   */
  #slots = new Int32Array(minSlots);
  /** The four words of the identifier that `#read` parsed last. */
  #w0 = 0;
  #w1 = 0;
  #w2 = 0;
  #w3 = 0;

  constructor(private readonly options: { readonly hasVersions: boolean }) {}

  get size(): number {
    return this.#count + this.#others.size;
  }

  has(id: string): boolean {
    if (this.#count > 0 && this.#read(id)) return this.#find() > 0;
    return this.#others.size > 0 && this.#others.has(id);
  }

  /** The version of an identifier; 0 if it has none or is not revoked. */
  getVersion(id: string): number {
    if (this.#count > 0 && this.#read(id)) {
      const entry = this.#find() - 1;
      return entry < 0 ? 0 : (this.#blocks[entry >>> blockBits]?.versions?.[entry & inBlock] ?? 0);
    }
    return this.#others.get(id)?.version ?? 0;
  }

  /**
   * Adds an identifier. One that is there already keeps the later expiry and the higher version.
   * @param expiresAt milliseconds since the Unix epoch.
   * @returns whether anything changed.
   */
  add(id: string, expiresAt: number, version = 0): boolean {
    if (!this.#read(id)) return this.#addOther(id, expiresAt, version);
    const known = this.#find() - 1;
    if (known < 0) {
      this.#append(expiresAt, version);
      return true;
    }
    const { expiries, versions } = this.#getBlock(known);
    const at = known & inBlock;
    const later = expiresAt > (expiries[at] ?? 0);
    const higher = versions !== undefined && version > (versions[at] ?? 0);
    if (later) expiries[at] = expiresAt;
    if (higher) versions[at] = version;
    return later || higher;
  }

  /** Removes expired entries; from a large table only when they are many. */
  removeExpired(now: number): void {
    for (const [id, { expiresAt }] of this.#others) if (expiresAt <= now) this.#others.delete(id);
    let ended = 0;
    for (let entry = 0; entry < this.#count; entry += 1) if (this.#getExpiry(entry) <= now) ended += 1;
    if (ended === 0 || (this.#count > largeTable && ended < this.#count * minExpiredShare)) return;
    let kept = 0;
    for (let entry = 0; entry < this.#count; entry += 1) {
      if (this.#getExpiry(entry) > now) this.#move(entry, kept++);
    }
    this.#count = kept;
    this.#blocks.length = Math.ceil(kept / blockSize);
    let slots = minSlots;
    while (slots < kept * 2) slots *= 2;
    this.#index(slots);
  }

  /** All entries. Iterate without awaiting in between: `removeExpired` moves them. */
  *entries(): Generator<RevokedEntry> {
    for (let entry = 0; entry < this.#count; entry += 1) {
      const { ids, expiries, versions } = this.#getBlock(entry);
      const at = entry & inBlock;
      const hex = Array.from(ids.subarray(at * 4, at * 4 + 4), (word) =>
        (word >>> 0).toString(16).padStart(8, '0'),
      ).join('');
      yield {
        target: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
        expiresAt: expiries[at] ?? 0,
        version: versions?.[at] ?? 0,
      };
    }
    for (const [target, held] of this.#others) yield { target, ...held };
  }

  #addOther(id: string, expiresAt: number, version: number): boolean {
    const known = this.#others.get(id);
    if (known && expiresAt <= known.expiresAt && version <= known.version) return false;
    this.#others.set(id, {
      expiresAt: Math.max(expiresAt, known?.expiresAt ?? 0),
      version: Math.max(version, known?.version ?? 0),
    });
    return true;
  }

  /** Parses an identifier into four words. @returns whether it is a lowercase UUID. */
  #read(id: string): boolean {
    if (id.length !== 36) return false;
    const q0 = parseHex16(id, 0);
    const q1 = parseHex16(id, 4);
    const q2 = parseHex16(id, 9);
    const q3 = parseHex16(id, 14);
    const q4 = parseHex16(id, 19);
    const q5 = parseHex16(id, 24);
    const q6 = parseHex16(id, 28);
    const q7 = parseHex16(id, 32);
    this.#w0 = (q0 << 16) | q1;
    this.#w1 = (q2 << 16) | q3;
    this.#w2 = (q4 << 16) | q5;
    this.#w3 = (q6 << 16) | q7;
    return (
      (q0 | q1 | q2 | q3 | q4 | q5 | q6 | q7) >= 0 &&
      id.charCodeAt(8) === dash &&
      id.charCodeAt(13) === dash &&
      id.charCodeAt(18) === dash &&
      id.charCodeAt(23) === dash
    );
  }

  /** @returns the index, plus one, of the identifier that was read last; 0 if it is not there. */
  #find(): number {
    const mask = this.#slots.length - 1;
    const hash = this.#hash();
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const taken = this.#slots[slot] ?? 0;
      if (taken === 0) return 0;
      if (((taken ^ hash) & ~mask) !== 0) continue;
      const found = taken & mask;
      const { ids } = this.#getBlock(found - 1);
      const at = ((found - 1) & inBlock) * 4;
      if (
        ids[at + 3] === this.#w3 &&
        ids[at] === this.#w0 &&
        ids[at + 1] === this.#w1 &&
        ids[at + 2] === this.#w2
      ) {
        return found;
      }
    }
  }

  /** Appends the identifier that was read last; it must not be there yet. */
  #append(expiresAt: number, version: number): void {
    const entry = this.#count;
    if (entry >>> blockBits === this.#blocks.length) this.#blocks.push(this.#createBlock());
    const { ids, expiries, versions } = this.#getBlock(entry);
    const at = entry & inBlock;
    ids[at * 4] = this.#w0;
    ids[at * 4 + 1] = this.#w1;
    ids[at * 4 + 2] = this.#w2;
    ids[at * 4 + 3] = this.#w3;
    expiries[at] = expiresAt;
    if (versions) versions[at] = version;
    this.#count = entry + 1;
    if (this.#count * 2 > this.#slots.length) this.#index(this.#slots.length * 2);
    else this.#place(entry);
  }

  #createBlock(): Block {
    return {
      ids: new Int32Array(blockSize * 4),
      expiries: new Float64Array(blockSize),
      versions: this.options.hasVersions ? new Float64Array(blockSize) : undefined,
    };
  }

  #index(slots: number): void {
    this.#slots = new Int32Array(slots);
    for (let entry = 0; entry < this.#count; entry += 1) {
      const { ids } = this.#getBlock(entry);
      const at = (entry & inBlock) * 4;
      this.#w0 = ids[at] ?? 0;
      this.#w1 = ids[at + 1] ?? 0;
      this.#w2 = ids[at + 2] ?? 0;
      this.#w3 = ids[at + 3] ?? 0;
      this.#place(entry);
    }
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    const hash = this.#hash();
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = (hash & ~mask) | (entry + 1);
  }

  /** Mixes all bits: a UUIDv7 begins with the time, so that many share their first bits. */
  #hash(): number {
    let hash = Math.imul(this.#w0 ^ this.#seed, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ this.#w1, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15) ^ this.#w2, 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 15) ^ this.#w3, 0x165667b1);
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    return hash ^ (hash >>> 15);
  }

  #getBlock(entry: number): Block {
    const block = this.#blocks[entry >>> blockBits];
    if (!block) throw new RangeError(`There is no entry ${entry}.`);
    return block;
  }

  #getExpiry(entry: number): number {
    return this.#getBlock(entry).expiries[entry & inBlock] ?? 0;
  }

  #move(from: number, to: number): void {
    if (from === to) return;
    const source = this.#getBlock(from);
    const target = this.#getBlock(to);
    const [at, place] = [from & inBlock, to & inBlock];
    target.ids.set(source.ids.subarray(at * 4, at * 4 + 4), place * 4);
    target.expiries[place] = source.expiries[at] ?? 0;
    if (target.versions) target.versions[place] = source.versions?.[at] ?? 0;
  }
}

const dash = 45;

/** Parses four hexadecimal digits; negative if one of the characters is not one. */
function parseHex16(id: string, at: number): number {
  return (
    (parseHexDigit(id, at) << 12) |
    (parseHexDigit(id, at + 1) << 8) |
    (parseHexDigit(id, at + 2) << 4) |
    parseHexDigit(id, at + 3)
  );
}

function parseHexDigit(id: string, at: number): number {
  return digits[id.charCodeAt(at)] ?? -1;
}

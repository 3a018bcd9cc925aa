import { expect } from 'chai';
import fc from 'fast-check';
import { v4, v7 } from 'uuid';
import { RevocationTable, type RevokedEntry } from '../../src/revocations/revocation-table.js';

/** The same with a Map. */
class Plain {
  readonly held = new Map<string, { expiresAt: number; version: number }>();

  add(id: string, expiresAt: number, version: number): boolean {
    const known = this.held.get(id) ?? { expiresAt: -1, version: -1 };
    const changes = expiresAt > known.expiresAt || version > known.version;
    this.held.set(id, {
      expiresAt: Math.max(known.expiresAt, expiresAt),
      version: Math.max(known.version, version),
    });
    return changes;
  }

  removeExpired(now: number): void {
    for (const [id, { expiresAt }] of this.held) if (expiresAt <= now) this.held.delete(id);
  }

  entries(): RevokedEntry[] {
    return [...this.held].map(([target, held]) => ({ target, ...held }));
  }
}

const uuid = '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10';

/** Identifiers that are not UUIDs, each of another form. */
const lookalikes = [
  uuid.toUpperCase(),
  uuid.replaceAll('-', ''),
  uuid.slice(0, -1),
  `${uuid}0`,
  uuid.replace('a', 'g'),
  uuid.replace('a', 'ä'),
  uuid.replace('-', '0'),
  uuid.replace('0', '-'),
  uuid.replace('0', ' '),
  '',
  'a client of an earlier time',
];

/** The identifier with each of its 128 bits flipped. */
const neighbors = Array.from(uuid, (character, at) =>
  character === '-'
    ? []
    : [1, 2, 4, 8].map(
        (bit) => uuid.slice(0, at) + (parseInt(character, 16) ^ bit).toString(16) + uuid.slice(at + 1),
      ),
).flat();

describe('The table of revoked identifiers', () => {
  it('behaves like a Map of strings', () => {
    const id = fc.oneof(
      fc.constantFrom(uuid, ...neighbors.slice(0, 6)),
      fc.constantFrom(...lookalikes),
      fc.uuid(),
    );
    const step = fc.record({
      id,
      at: fc.integer({ min: 1, max: 9 }),
      version: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: 'max' }),
        fc.integer({ min: 0, max: 9 }),
        (steps, now) => {
          const [table, plain] = [new RevocationTable({ hasVersions: true }), new Plain()];
          for (const each of steps) {
            const { at, version } = each;
            expect(table.add(each.id, at, version)).to.equal(plain.add(each.id, at, version));
          }
          for (const forget of [false, true]) {
            if (forget) for (const each of [table, plain]) each.removeExpired(now);
            expect([...table.entries()]).to.have.deep.members(plain.entries());
            expect(table.size).to.equal(plain.held.size);
            for (const each of [...steps.map((one) => one.id), ...lookalikes, ...neighbors]) {
              expect(table.has(each)).to.equal(plain.held.has(each));
              expect(table.getVersion(each)).to.equal(plain.held.get(each)?.version ?? 0);
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('mistakes no similar identifier for another', () => {
    const table = new RevocationTable({ hasVersions: false });
    expect(table.add(uuid, 1)).to.be.true;
    expect(neighbors).to.have.length(128);
    for (const other of [...neighbors, ...lookalikes]) expect(table.has(other), other).to.be.false;
    for (const other of lookalikes) table.add(other, 1);
    expect(table.size).to.equal(1 + lookalikes.length);
    expect(Array.from(table.entries(), ({ target }) => target)).to.have.members([uuid, ...lookalikes]);
  });

  it('finds each of many that share their first 48 bits, and no other', () => {
    const table = new RevocationTable({ hasVersions: false });
    const ids = Array.from({ length: 20_000 }, () => v7({ msecs: 1_795_510_800_000 }));
    for (const id of ids) table.add(id, 2);
    expect(ids.filter((id) => !table.has(id))).to.deep.equal([]);
    for (let index = 0; index < 20_000; index += 1) {
      expect(table.has(v7({ msecs: 1_795_510_800_000 }))).to.be.false;
      expect(table.has(v4())).to.be.false;
    }
  });

  it('compacts a large table once enough entries have expired', () => {
    const table = new RevocationTable({ hasVersions: true });
    const ids = Array.from({ length: 20_000 }, () => v7());
    ids.forEach((id, index) => table.add(id, index < 1000 ? 1 : index < 6000 ? 2 : 3, index));
    table.removeExpired(1);
    expect(table.size).to.equal(20_000);
    table.removeExpired(2);
    expect(table.size).to.equal(14_000);
    for (const [index, id] of ids.entries()) expect(table.getVersion(id)).to.equal(index < 6000 ? 0 : index);
    table.removeExpired(3);
    expect(table.size).to.equal(0);
    expect([...table.entries()]).to.deep.equal([]);
  });
});

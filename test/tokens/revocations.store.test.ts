import { expect } from 'chai';
import {
  revocationsStore,
  type Revocation,
  type RevocationPlace,
} from '../../src/tokens/revocations.store.js';
import { minute, recordTime } from '../support/records.js';
import { storeContract } from '../support/store-contract.js';

const ofSubject = (target: string, version: number, expiresAt: number): Revocation => ({
  kind: 'subject',
  target,
  version,
  expires_at: expiresAt,
  created_at: recordTime,
});

const ofSession = (target: string, expiresAt: number): Revocation => ({
  kind: 'session',
  target,
  version: null,
  expires_at: expiresAt,
  created_at: recordTime,
});

storeContract('The revocations store', (on) => {
  const soon = recordTime + minute;
  const later = recordTime + 2 * minute;

  beforeEach(() => on.queries.deleteFrom('revocations').execute());

  const all = (): Promise<Revocation[]> => revocationsStore.live(on.queries, 0);

  it('gives back what was added, each kind for itself', async () => {
    const rows = [
      ofSubject('one', 1, soon),
      ofSession('one', soon),
      { ...ofSession('one', soon), kind: 'token' as const },
    ];
    await revocationsStore.add(on.queries, rows);
    expect(await all()).to.have.deep.members(rows);
  });

  it('has nothing to add where there are no rows', async () => {
    await revocationsStore.add(on.queries, []);
    expect(await all()).to.deep.equal([]);
  });

  it('keeps the later expiry and the higher version, whichever comes first', async () => {
    for (const order of ['given', 'reversed']) {
      const rows = [ofSubject(order, 2, soon), ofSubject(order, 1, later)];
      for (const row of order === 'given' ? rows : rows.reverse()) {
        await revocationsStore.add(on.queries, [row]);
      }
    }
    expect(await all()).to.have.deep.members([ofSubject('given', 2, later), ofSubject('reversed', 2, later)]);
  });

  it('keeps the later expiry of a session', async () => {
    await revocationsStore.add(on.queries, [ofSession('one', later)]);
    await revocationsStore.add(on.queries, [ofSession('one', soon)]);
    expect(await all()).to.deep.equal([ofSession('one', later)]);
  });

  it('keeps the highest version of many at once', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        revocationsStore.add(on.queries, [
          ofSubject('one', (index * 7) % 20, recordTime + ((index * 3) % 20)),
        ]),
      ),
    );
    expect(await all()).to.deep.equal([ofSubject('one', 19, recordTime + 19)]);
  });

  it('adds all holders of a large role', async () => {
    const rows = Array.from({ length: 2500 }, (_, index) => ofSubject(`user ${index}`, 1, soon));
    await revocationsStore.add(on.queries, rows);
    expect(await all()).to.have.length(rows.length);
  });

  it('is undone with the transaction that it was part of', async () => {
    const undone = on.database.transaction(async (transaction) => {
      await revocationsStore.add(transaction, [ofSession('one', soon)]);
      throw new Error('undo');
    });
    await undone.catch(() => undefined);
    expect(await all()).to.deep.equal([]);
  });

  it('reads on in the order of writing, also among those of one moment', async () => {
    const at = (created_at: number, target: string, expiresAt = later): Revocation => ({
      ...ofSession(target, expiresAt),
      created_at,
    });
    const [first, second, third, fourth] = [
      at(recordTime, 'd'),
      at(recordTime + 1, 'a'),
      at(recordTime + 1, 'c'),
      at(recordTime + 2, 'b'),
    ] as const;
    expect(await revocationsStore.lastWritten(on.queries)).to.be.undefined;
    const expired = at(recordTime + 1, 'b2', soon);
    await revocationsStore.add(on.queries, [fourth, third, expired, second, first]);
    expect(await revocationsStore.lastWritten(on.queries)).to.equal(recordTime + 2);
    const page = (after: RevocationPlace): Promise<Revocation[]> =>
      revocationsStore.page(on.queries, { after, limit: 2, now: soon });
    expect(await page({ created_at: recordTime, kind: '', target: '' })).to.deep.equal([first, second]);
    expect(await page(second)).to.deep.equal([third, fourth]);
    expect(await page(third)).to.deep.equal([fourth]);
    expect(await page(fourth)).to.deep.equal([]);
  });

  it('lists and keeps what lives, to the millisecond', async () => {
    await revocationsStore.add(on.queries, [ofSession('expired', soon), ofSession('live', soon + 1)]);
    expect(await revocationsStore.live(on.queries, soon)).to.deep.equal([ofSession('live', soon + 1)]);
    await revocationsStore.deleteExpired(on.queries, soon);
    expect(await all()).to.deep.equal([ofSession('live', soon + 1)]);
  });
});

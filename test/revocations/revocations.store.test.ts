import { expect } from 'chai';
import type { AccessTokenClaims } from '../../src/tokens/access-token-claims.js';
import type { RevocationKind } from '../../src/database/schema.js';
import { keysStore } from '../../src/keys/keys.store.js';
import {
  revocationsStore,
  type LiveRevocation,
  type Revocation,
  type RevocationPlace,
} from '../../src/revocations/revocations.store.js';
import { minute, recordTime } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

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

describeStore('The revocations store', (on) => {
  const soon = recordTime + minute;
  const later = recordTime + 2 * minute;

  beforeEach(() => on.queries.deleteFrom('revocations').execute());

  const all = (): Promise<Revocation[]> => on.queries.selectFrom('revocations').selectAll().execute();
  const live = (kind: RevocationKind, now: number, limit = 10, after = '') =>
    revocationsStore.listLive(on.queries, kind, now, { limit, after });
  const inMemory = ({ kind, target, version, expires_at }: Revocation): LiveRevocation => {
    return { kind, target, version, expires_at };
  };

  it('returns what was added, separately for each kind', async () => {
    const rows = [
      ofSubject('one', 1, soon),
      ofSession('one', soon),
      { ...ofSession('one', soon), kind: 'token' as const },
    ];
    await revocationsStore.add(on.queries, rows);
    expect(await all()).to.have.deep.members(rows);
  });

  it('accepts an empty list', async () => {
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

  it('keeps the highest version of many concurrent ones', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        revocationsStore.add(on.queries, [
          ofSubject('one', (index * 7) % 20, recordTime + ((index * 3) % 20)),
        ]),
      ),
    );
    expect(await all()).to.deep.equal([ofSubject('one', 19, recordTime + 19)]);
  });

  it('adds revocations of thousands of users at once', async () => {
    const rows = Array.from({ length: 2500 }, (_, index) => ofSubject(`user ${index}`, 1, soon));
    await revocationsStore.add(on.queries, rows);
    expect(await all()).to.have.length(rows.length);
  });

  it('is rolled back with its transaction', async () => {
    const undone = on.database.transaction(async (transaction) => {
      await revocationsStore.add(transaction, [ofSession('one', soon)]);
      throw new Error('undo');
    });
    await undone.catch(() => undefined);
    expect(await all()).to.deep.equal([]);
  });

  it('pages in the order of writing, even among rows with one time', async () => {
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
    expect(await revocationsStore.findLastWritten(on.queries)).to.be.undefined;
    const expired = at(recordTime + 1, 'b2', soon);
    await revocationsStore.add(on.queries, [fourth, third, expired, second, first]);
    expect(await revocationsStore.findLastWritten(on.queries)).to.equal(recordTime + 2);
    const page = (after: RevocationPlace): Promise<Revocation[]> =>
      revocationsStore.listPage(on.queries, { after, limit: 2 });
    expect(await page({ created_at: recordTime, kind: '', target: '' })).to.deep.equal([first, second]);
    // Expired rows are included: a reader drops them.
    expect(await page(second)).to.deep.equal([expired, third]);
    expect(await page(third)).to.deep.equal([fourth]);
    expect(await page(fourth)).to.deep.equal([]);
  });

  it('lists each kind separately, page by page, each row once', async () => {
    const rows = Array.from({ length: 5 }, (_, index) => ofSubject(`s${index}`, index + 1, soon + index));
    await revocationsStore.add(on.queries, [...rows, ofSession('s1', soon), ofSession('s9', later)]);
    const pages = [
      await live('subject', 0, 2),
      await live('subject', 0, 2, 's1'),
      await live('subject', 0, 2, 's3'),
    ];
    expect(pages.map(({ targets }) => targets)).to.deep.equal([['s0', 's1'], ['s2', 's3'], ['s4']]);
    expect(pages.flatMap(({ versions }) => versions)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(pages.flatMap(({ expiries }) => expiries)).to.deep.equal(rows.map((row) => row.expires_at));
    expect(await live('subject', 0, 2, 's4')).to.deep.equal({
      targets: [],
      expiries: [],
      versions: [],
      next: undefined,
    });
    expect(pages.map(({ next }) => next)).to.deep.equal(['s1', 's3', undefined]);
    expect((await live('session', soon)).targets).to.deep.equal(['s9']);
  });

  it('finds what concerns a token, and the ids of all keys', async () => {
    const concerning = [
      ofSession('its session', soon),
      { ...ofSession('its id', soon), kind: 'token' as const },
      ofSubject('its subject', 3, soon),
      { ...ofSubject('its role', 3, soon), kind: 'role' as const },
      { ...ofSubject('*', 2, soon), kind: 'role' as const },
    ];
    const others = [ofSession('its id', soon), ofSubject('its session', 3, soon), ofSession('another', soon)];
    await revocationsStore.add(on.queries, [...concerning, ...others]);
    for (const [id, purpose] of [
      ['one', 'access'],
      ['other', 'access'],
      ['none of these', 'refresh'],
    ] as const) {
      await keysStore.insert(on.queries, {
        ...{ id, purpose, algorithm: '', public_key: null, sealed_key: '' },
        ...{ created_at: recordTime, active_at: recordTime, retired_at: null },
      });
    }
    const claims = {
      ...{ jti: 'its id', sub: 'its subject', sid: 'its session' },
      roles: ['another', 'its role'],
    } as unknown as AccessTokenClaims;
    const { rows, keyIds } = await revocationsStore.findForToken(on.queries, claims);
    expect(rows).to.have.deep.members(concerning.map(inMemory));
    expect(keyIds).to.have.members(['one', 'other']);
    const ofClient = { ...claims, sid: undefined, roles: [] } as unknown as AccessTokenClaims;
    expect((await revocationsStore.findForToken(on.queries, ofClient)).rows).to.have.length(3);
  });

  it('lists and keeps unexpired revocations, to the millisecond', async () => {
    await revocationsStore.add(on.queries, [ofSession('expired', soon), ofSession('live', soon + 1)]);
    expect(await live('session', soon)).to.deep.equal({
      targets: ['live'],
      expiries: [soon + 1],
      versions: [0],
      next: undefined,
    });
    expect(await revocationsStore.deleteExpired(on.queries, soon, 10)).to.equal(1);
    expect(await all()).to.deep.equal([ofSession('live', soon + 1)]);
  });
});

import { expect } from 'chai';
import type { Database } from '../../src/database/database.js';
import { RevocationFeed, type FeedPart } from '../../src/revocation-stream/revocation-feed.js';
import type { AccessTokenClaims } from '../../src/tokens/access-token-claims.js';
import { Revocations } from '../../src/revocations/revocations.js';
import { revocationsStore, type Revocation } from '../../src/revocations/revocations.store.js';
import { TestClock } from '../support/clock.js';
import { createDatabase } from '../support/databases.js';

describe('The feed of revocations', () => {
  let database: Database;
  let clock: TestClock;
  let revocations: Revocations;
  let feed: RevocationFeed;
  let isCurrent: boolean;
  let claims: AccessTokenClaims;
  beforeEach(async () => {
    database = await createDatabase('sqlite');
    await database.migrate();
    clock = new TestClock();
    revocations = new Revocations(database, clock);
    isCurrent = true;
    const incoming = { isCurrent: () => isCurrent };
    const options = {
      issuer: 'http://latchkey.test',
      maxReaders: 10,
      maxReadersPerSubject: 10,
      leeway: 30,
    };
    feed = new RevocationFeed(database, clock, revocations, incoming, options);
    const given: Partial<AccessTokenClaims> = {
      sub: 'reader',
      jti: 'j',
      ver: 0,
      roles: [],
      exp: clock.now() / 1000 + 900,
    };
    claims = given as AccessTokenClaims;
  });
  afterEach(async () => {
    feed.stop();
    await database.close();
  });

  const rowsOf = (prefix: string, count: number): Revocation[] =>
    Array.from({ length: count }, (_, index): Revocation => {
      const times = { expires_at: clock.now() + 900_000, created_at: clock.now() };
      return { kind: 'session', target: `${prefix}${index}`, version: null, ...times };
    });

  async function next(parts: AsyncGenerator<FeedPart>): Promise<FeedPart> {
    const { value, done } = await parts.next();
    if (done) throw new Error('The stream has ended.');
    return value;
  }
  const names = ({ rows }: FeedPart): string[] => rows.map(({ target }) => target);

  /** Reads up to the first complete part. */
  async function begin(parts: AsyncGenerator<FeedPart>): Promise<FeedPart> {
    let part = await next(parts);
    while (!part.complete) part = await next(parts);
    return part;
  }

  it('sends incomplete parts while this process may lack revocations', async () => {
    isCurrent = false;
    const { parts } = feed.follow(undefined, claims);
    expect(await next(parts)).to.include({ complete: false });
    const waiting = next(parts);
    feed.sendHeartbeats();
    const rows = rowsOf('a', 1);
    revocations.apply(rows);
    const part = await waiting;
    expect(names(part)).to.deep.equal(['a0']);
    expect(part.complete).to.be.false;
    const later = next(parts);
    isCurrent = true;
    feed.sendHeartbeats();
    expect((await later).complete).to.be.true;
  });

  it('sends what is revoked while the table is read, and reads the table again if that was too much to keep', async () => {
    await revocationsStore.add(database.queries, rowsOf('a', 2500));
    const { parts } = feed.follow(undefined, claims);
    const seen = new Set(names(await next(parts)));
    const many = rowsOf('b', 10_000);
    await revocationsStore.add(database.queries, many);
    revocations.apply(many);
    const one = rowsOf('c', 1);
    await revocationsStore.add(database.queries, one);
    for (let part = await next(parts); ; part = await next(parts)) {
      for (const name of names(part)) seen.add(name);
      if (part.complete) break;
    }
    expect(seen.size).to.equal(12_501);
  });

  it('is readable for as long as the access token is accepted, leeway included', async () => {
    const { parts } = feed.follow(undefined, claims);
    await begin(parts);
    clock.advance(929);
    feed.sendHeartbeats();
    await next(parts);
    clock.advance(1);
    feed.sendHeartbeats();
    expect((await parts.next()).done).to.be.true;
    expect(feed.readers).to.equal(0);
  });

  it('removes a reader that leaves, whatever it was doing', async () => {
    const waiting = feed.follow(undefined, claims);
    await begin(waiting.parts);
    const last = waiting.parts.next();
    const never = feed.follow(undefined, claims);
    for (const each of [waiting, never]) each.leave();
    expect((await last).done).to.be.true;
    expect((await never.parts.next()).done).to.be.true;
    expect(feed.readers).to.equal(0);
  });

  it('fails if the table cannot be read, and removes the reader', async () => {
    const { parts } = feed.follow(undefined, claims);
    await database.close();
    const error = await parts.next().catch((reason: unknown) => reason);
    expect(error).to.be.an('error');
    expect(feed.readers).to.equal(0);
  });
});

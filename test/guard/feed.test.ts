import { expect } from 'chai';
import { Feed } from '../../src/guard/feed.js';
import type { LatchkeyService } from '../../src/guard/latchkey-service.js';
import type { RevocationEntry, Revoked } from '../../src/guard/revoked.js';
import { until } from '../support/until.js';

const clock = { now: () => Date.now(), monotonic: () => performance.now() };

describe('The feed of a guard', () => {
  let added: RevocationEntry[];
  let warnings: string[];
  let feed: Feed;

  /** A guard whose service sends this text and nothing else. */
  function follow(chunks: Iterable<string>): void {
    added = [];
    warnings = [];
    const iterator = chunks[Symbol.iterator]();
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: (controller) => {
          const { done, value } = iterator.next();
          if (done) controller.close();
          else controller.enqueue(Buffer.from(value));
        },
      });
    const service = { follow: () => Promise.resolve(body()) } as unknown as LatchkeyService;
    const revoked = {
      add: (items: readonly RevocationEntry[]) => added.push(...items),
      sweep: () => undefined,
    } as unknown as Revoked;
    feed = new Feed(service, revoked, clock, { bound: 60_000, warn: (message) => warnings.push(message) });
    feed.start();
  }
  afterEach(() => feed.close());

  it('assembles events however they are split', async () => {
    const page = {
      items: [{ kind: 'session', id: 'a', expires_at: '2026-01-01T00:00:00Z' }],
      cursor: 'c',
      complete: true,
    };
    follow(`id: 1\ndata: ${JSON.stringify(page)}\n\nid: 2\ndata: ${JSON.stringify(page)}\n\n`);
    await until(() => added.length === 2);
    expect(feed.isCurrent).to.be.true;
  });

  it('disconnects from a service that sends an event without end', async () => {
    const endless = function* (): Generator<string> {
      yield 'data: ';
      for (;;) yield 'a'.repeat(65_536);
    };
    follow(endless());
    await until(() => warnings.length > 0);
    expect(warnings[0]).to.include('longer than 8 MiB');
    expect(added).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { Subscriber } from '../../src/revocation-stream/subscriber.js';
import type { LiveRevocation } from '../../src/revocations/revocations.store.js';

function rows(count: number): LiveRevocation[] {
  return Array.from({ length: count }, (_, index) => {
    return { kind: 'session', target: `s${index}`, version: null, expires_at: 1 };
  });
}

describe('A subscriber of the stream', () => {
  let subscriber: Subscriber;
  beforeEach(() => {
    subscriber = new Subscriber();
  });

  it('resolves when there are rows, at a heartbeat, and at the end', async () => {
    for (const happens of [
      () => {
        subscriber.add(rows(1));
      },
      () => {
        subscriber.heartbeat();
      },
      () => {
        subscriber.end();
      },
    ]) {
      let heard = false;
      const news = subscriber.waitForUpdate().then(() => (heard = true));
      await Promise.resolve();
      expect(heard).to.be.false;
      happens();
      await news;
      await subscriber.waitForUpdate(); // until they are taken
      subscriber.take();
    }
  });

  it('returns each row once, in order', () => {
    const all = rows(3);
    subscriber.add(all.slice(0, 2));
    subscriber.add(all.slice(2));
    expect(subscriber.take()).to.deep.equal(all);
    expect(subscriber.take()).to.deep.equal([]);
  });

  it('keeps at most a few thousand rows, and returns undefined after more', async () => {
    subscriber.add(rows(9000));
    subscriber.add(rows(1));
    subscriber.add(rows(1));
    await subscriber.waitForUpdate();
    expect(subscriber.take()).to.be.undefined;
    subscriber.add(rows(9000));
    expect(subscriber.take()).to.have.length(9000);
  });

  it('is disconnected when it reads nothing for ten heartbeats', () => {
    for (let beat = 1; beat <= 10; beat += 1) subscriber.heartbeat();
    expect(subscriber.tooSlow.aborted).to.be.false;
    subscriber.take();
    for (let beat = 1; beat <= 11; beat += 1) subscriber.heartbeat();
    expect(subscriber.tooSlow.aborted).to.be.true;
    expect(subscriber.hasEnded).to.be.true;
  });
});

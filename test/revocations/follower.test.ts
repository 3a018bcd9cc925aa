import { expect } from 'chai';
import { Follower } from '../../src/revocations/follower.js';
import type { LiveRevocation } from '../../src/tokens/revocations.js';

function rows(count: number): LiveRevocation[] {
  return Array.from({ length: count }, (_, index) => {
    return { kind: 'session', target: `s${index}`, version: null, expires_at: 1 };
  });
}

describe('A follower of the stream', () => {
  let follower: Follower;
  beforeEach(() => {
    follower = new Follower();
  });

  it('has news when there are rows, at a beat, and at the end', async () => {
    for (const happens of [
      () => {
        follower.add(rows(1));
      },
      () => {
        follower.beat();
      },
      () => {
        follower.end();
      },
    ]) {
      let heard = false;
      const news = follower.news().then(() => (heard = true));
      await Promise.resolve();
      expect(heard).to.be.false;
      happens();
      await news;
      await follower.news(); // and has them until they are taken
      follower.take();
    }
  });

  it('takes each row once, in their order', () => {
    const all = rows(3);
    follower.add(all.slice(0, 2));
    follower.add(all.slice(2));
    expect(follower.take()).to.deep.equal(all);
    expect(follower.take()).to.deep.equal([]);
  });

  it('keeps no more than some thousands, and says that it did not', async () => {
    follower.add(rows(9000));
    follower.add(rows(1));
    follower.add(rows(1));
    await follower.news();
    expect(follower.take()).to.be.undefined;
    follower.add(rows(9000));
    expect(follower.take()).to.have.length(9000);
  });

  it('is cut off when it takes nothing for ten beats', () => {
    for (let beat = 1; beat <= 10; beat += 1) follower.beat();
    expect(follower.tooSlow.aborted).to.be.false;
    follower.take();
    for (let beat = 1; beat <= 11; beat += 1) follower.beat();
    expect(follower.tooSlow.aborted).to.be.true;
    expect(follower.hasEnded).to.be.true;
  });
});

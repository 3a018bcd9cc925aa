import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { Problem } from '../../src/problems/problem.js';
import { Turns } from '../../src/sessions/turns.js';

describe('Turns', () => {
  let turns: Turns;
  /** What was begun, in its order. */
  let begun: string[];
  beforeEach(() => {
    turns = new Turns(2);
    begun = [];
  });

  /** Work that ends when it is told to. */
  function work(name: string): { readonly run: () => Promise<string>; end: (error?: Error) => void } {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    return {
      run: () => {
        begun.push(name);
        return promise;
      },
      end: (error) => {
        if (error) reject(error);
        else resolve(name);
      },
    };
  }

  it('are taken one after another, in the order in which they were asked for', async () => {
    const [one, two, three] = [work('one'), work('two'), work('three')];
    const all = [one, two, three].map(({ run }) => turns.take('a', run));
    expect(begun).to.deep.equal(['one']);
    three.end();
    one.end();
    await setImmediate();
    expect(begun).to.deep.equal(['one', 'two']);
    two.end();
    expect(await Promise.all(all)).to.deep.equal(['one', 'two', 'three']);
  });

  it('do not wait for those of another key', () => {
    void turns.take('a', work('one').run);
    void turns.take('b', work('two').run);
    expect(begun).to.deep.equal(['one', 'two']);
  });

  it('go on after one that failed, which fails for its own caller alone', async () => {
    const [one, two] = [work('one'), work('two')];
    const [failed, next] = [turns.take('a', one.run), turns.take('a', two.run)];
    one.end(new Error('it failed'));
    two.end();
    expect(await failed.catch((error: unknown) => error)).to.be.an('error', 'it failed');
    expect(await next).to.equal('two');
  });

  it('are refused, with the time after which to try again, where too many wait', async () => {
    const first = work('first');
    for (const { run } of [first, work('second'), work('third')]) void turns.take('a', run);
    const refusal: unknown = await turns.take('a', work('fourth').run).catch((error: unknown) => error);
    expect(refusal)
      .to.be.instanceOf(Problem)
      .and.to.deep.include({ code: 'busy', headers: { 'Retry-After': '2' } });
    void turns.take('b', work('of another key').run);
    expect(begun).to.deep.equal(['first', 'of another key']);
    first.end();
    await setImmediate();
    void turns.take('a', work('fifth').run);
    expect(begun).to.deep.equal(['first', 'of another key', 'second']);
  });
});

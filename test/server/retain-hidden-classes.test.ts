import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

const moduleUrl = new URL('../../src/server/retain-hidden-classes.js', import.meta.url).href;

/** Says how many of the objects that process.nextTick made are still there after collections. */
const program = `
  import { executionAsyncResource } from 'node:async_hooks';
  import { setImmediate as turn } from 'node:timers/promises';
  import { retainHiddenClasses } from '${moduleUrl}';
  const made = [];
  const nextTick = process.nextTick;
  const watched = (callback, ...args) => {
    nextTick((...given) => {
      callback(...given);
      made.push(new WeakRef(executionAsyncResource()));
    }, ...args);
  };
  process.nextTick = watched;
  if (process.argv[1] === 'kept') retainHiddenClasses();
  else for (const args of [[], [1], [1, 2], [1, 2, 3]]) process.nextTick(() => undefined, ...args);
  process.nextTick = nextTick;
  for (let times = 0; times < 3; times += 1) {
    await turn();
    globalThis.gc();
  }
  console.log(made.filter((object) => object.deref()).length, 'of', made.length);
`;

async function afterCollections(which: 'kept' | 'not kept'): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--input-type=module',
    '--eval',
    program,
    which,
  ]);
}

describe('the shapes of what Node makes for each request', () => {
  it('have an object that lives on through collections', async () => {
    const { stdout } = await afterCollections('kept');
    expect(stdout).to.equal('4 of 4\n');
  });

  it('would have none without it', async () => {
    const { stdout } = await afterCollections('not kept');
    expect(stdout).to.equal('0 of 4\n');
  });

  it('are kept by a setting that this V8 knows', async () => {
    const { stderr } = await afterCollections('kept');
    expect(stderr).to.equal('');
  });
});

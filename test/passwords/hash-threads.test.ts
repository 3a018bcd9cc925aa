import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { hashInThread, verifyInThread } from '../../src/passwords/hash-threads.js';
import { catchRejection } from '../support/rejections.js';

const costs = { memoryCost: 8, timeCost: 1, parallelism: 1 };

/** Runs a script in a process of its own, on which Node reports so many cores, and reads what it prints as JSON. */
async function run(script: string, cores: number): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-threads-'));
  try {
    const file = join(folder, 'script.mjs');
    const module = new URL('../../src/passwords/hash-threads.js', import.meta.url).href;
    await writeFile(
      file,
      `import { hashInThread } from ${JSON.stringify(module)};
      const hash = () => hashInThread('a password', ${JSON.stringify(costs)});
      ${script}`,
    );
    const preload = new URL('../support/parallelism.js', import.meta.url).href;
    const { stdout } = await promisify(execFile)(process.execPath, [`--import=${preload}`, file], {
      env: { ...process.env, TEST_PARALLELISM: String(cores) },
    });
    return JSON.parse(stdout) as unknown;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('The threads that compute password hashes', () => {
  it('are as many as there are cores, and let the process end', async () => {
    const started = await run(
      `let started = 0;
      process.on('worker', () => (started += 1));
      await hash();
      const first = started;
      await Promise.all(Array.from({ length: 20 }, hash));
      console.log(JSON.stringify([first, started]));`,
      7,
    );
    expect(started).to.deep.equal([1, 7]);
  });

  it('fail what they compute where they end, and others take their place', async () => {
    const outcomes = await run(
      `process.once('worker', (worker) => worker.terminate());
      const failed = await Promise.allSettled([hash(), hash()]);
      const next = await hash();
      console.log(JSON.stringify([...failed.map(({ reason }) => reason.message), next.slice(0, 9)]));`,
      1,
    );
    const ended = 'The thread that computes password hashes ended.';
    expect(outcomes).to.deep.equal([ended, ended, '$argon2id']);
  });

  it('respond to each request with its own result, also beside one that cannot be sent', async () => {
    const hashes = await Promise.all(['one', 'two', 'three'].map((each) => hashInThread(each, costs)));
    const unsendable = { ...costs, onDone: () => undefined };
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        if (index % 10 === 5) return catchRejection(hashInThread('one', unsendable));
        const matches = await verifyInThread(hashes[index % 3] ?? '', 'two');
        return matches === (index % 3 === 1);
      }),
    );
    for (const [index, outcome] of outcomes.entries()) {
      if (index % 10 === 5) expect(outcome).to.match(/DataCloneError/);
      else expect(outcome, String(index)).to.be.true;
    }
  });
});

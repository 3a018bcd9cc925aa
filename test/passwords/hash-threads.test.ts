import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { hashInThread, verifyInThread } from '../../src/passwords/hash-threads.js';
import { catchRejection } from '../support/rejections.js';

const costs = { memoryCost: 8, timeCost: 1, parallelism: 1 };

/**
 * Runs a script in a process of its own, on which Node reports so many cores, and reads what it prints as JSON.
 * @param limit of its threads; see test/support/limited-threads.ts.
 */
async function run(script: string, cores: number, limit = ''): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-threads-'));
  try {
    const file = join(folder, 'script.mjs');
    const module = new URL('../../src/passwords/hash-threads.js', import.meta.url).href;
    await writeFile(
      file,
      `import { hashInThread, threadStarts } from ${JSON.stringify(module)};
      const settle = async (...all) =>
        (await Promise.allSettled(all)).map(({ value, reason }) => value?.slice(0, 9) ?? reason.code ?? reason.message);
      const hash = () => hashInThread('a password', ${JSON.stringify(costs)});
      ${script}`,
    );
    const preloads = ['parallelism', 'limited-threads'].map(
      (name) => `--import=${new URL(`../support/${name}.js`, import.meta.url).href}`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [...preloads, file], {
      env: { ...process.env, TEST_PARALLELISM: String(cores), TEST_LIMITED_THREADS: limit },
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
      `let thread;
      process.once('worker', (worker) => (thread = worker));
      await hash();
      const failed = settle(hash(), hash(), hash());
      await thread.terminate();
      console.log(JSON.stringify([...(await failed), ...(await settle(hash()))]));`,
      1,
    );
    const ended = 'The thread that computes password hashes ended.';
    expect(outcomes).to.deep.equal([ended, ended, '$argon2id', '$argon2id']);
  });

  for (const how of ['refused', 'broken']) {
    it(`compute what others were to, where those are ${how}, and another is tried after a minute`, async () => {
      const outcomes = await run(
        `let tried = [];
        let created = 0;
        process.on('worker', () => (created += 1));
        threadStarts.subscribe((error) => tried.push(error?.message ?? 'works'));
        const wave = () => settle(...Array.from({ length: 12 }, hash));
        const first = await wave();
        const second = await wave();
        // Broken threads end after they were created: at the time that is so far.
        while (tried.length < created - 1) await new Promise((resolve) => setTimeout(resolve));
        process.env.TEST_LIMITED_THREADS = '';
        const now = performance.now.bind(performance);
        performance.now = () => now() + 59_000;
        await wave();
        const before = tried.length;
        const works = new Promise((resolve) => threadStarts.subscribe((error) => error ?? resolve()));
        performance.now = () => now() + 61_000;
        await Promise.all([wave(), works]);
        console.log(JSON.stringify([...new Set([...first, ...second]), new Set(tried.slice(0, before)).size, tried.at(-1)]));`,
        4,
        `password-hash 1 ${how}`,
      );
      expect(outcomes).to.deep.equal(['$argon2id', 1, 'works']);
    });

    it(`make those who ask try again later where there is none, because all are ${how}`, async () => {
      const outcomes = await run(
        `const refused = await settle(...Array.from({ length: 6 }, hash));
        const problem = await hash().catch((error) => error);
        process.env.TEST_LIMITED_THREADS = '';
        const now = performance.now.bind(performance);
        performance.now = () => now() + 1000;
        const { status, headers, cause } = problem;
        console.log(JSON.stringify([...new Set(refused), status, headers, cause.message, ...(await settle(hash()))]));`,
        4,
        `password-hash 0 ${how}`,
      );
      const cause = how === 'refused' ? 'EAGAIN' : 'EMFILE';
      expect(outcomes).to.deep.equal(['busy', 503, { 'Retry-After': '2' }, cause, '$argon2id']);
    });
  }

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

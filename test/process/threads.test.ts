import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { endProcesses, Installation, type Settings } from '../support/service-process.js';

const preloads = ['parallelism', 'limited-threads'].map(
  (name) => `--import=${new URL(`../support/${name}.js`, import.meta.url).href}`,
);

/** @param limit see test/support/limited-threads.ts. */
function limitThreads(limit: string): Settings {
  return { NODE_OPTIONS: preloads.join(' '), TEST_PARALLELISM: '4', TEST_LIMITED_THREADS: limit };
}

describe('A service that may have few threads', () => {
  after(endProcesses);

  for (const how of ['refused', 'broken']) {
    it(`logs in with the threads that it has, and says once that others are ${how}`, async () => {
      const installation = await Installation.make(limitThreads(`password-hash 1 ${how}`));
      const service = await installation.start();
      const statuses = await Promise.all(
        Array.from({ length: 6 }, async (_, index) => {
          const body = { username: `user${index}`, password: 'wrong' };
          return (await service.api.post('/login', body)).status;
        }),
      );
      expect([...new Set(statuses)]).to.deep.equal([401]);
      // A thread may be broken only after the last response.
      await service.waitForLine('starting a thread');
      await service.end();
      const lines = service.stdout.split('\n').filter((line) => line.includes('password hashes'));
      expect(lines).to.have.length(1);
      expect(lines[0]).to.include('starting a thread that computes password hashes failed');
    });

    for (const [name, purpose] of [
      ['password-hash', 'computes password hashes'],
      ['sqlite-writer', 'writes to the SQLite file'],
      ['sqlite-check', 'checks the SQLite file for damage'],
    ] as const) {
      it(`does not start without the thread that ${purpose}, and says why: it is ${how}`, async () => {
        const installation = await Installation.make(limitThreads(`${name} 0 ${how}`));
        if (name === 'sqlite-check') {
          const file = join(installation.folder, 'latchkey.db');
          await writeFile(file, '');
          // As after a crash.
          await writeFile(`${file}-wal`, 'some pages');
        }
        const { exitCode, stderr } = await installation
          .with({ DATABASE_URL: 'sqlite:latchkey.db' })
          .run(['start']);
        const cause = how === 'refused' ? 'EAGAIN' : 'EMFILE';
        expect(stderr).to.match(
          new RegExp(
            `^No thread that ${purpose} could be started \\(${cause}\\)\\. Let this user [^\\n]*\\n$`,
          ),
        );
        expect(exitCode).to.equal(1);
      });
    }
  }
});

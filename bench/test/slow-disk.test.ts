import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const preload = fileURLToPath(new URL('../latchkey/slow-disk.ts', import.meta.url));
const fsync = 40;

/** How long some statements take on the simulated disk, in milliseconds, one after another, also in a worker thread. */
function measureTime(...statements: readonly string[]): number[] {
  const program = `
    const { isMainThread, Worker, parentPort } = require('node:worker_threads');
    const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(':memory:');
    database.exec('create table numbers (number integer)');
    const times = ${JSON.stringify(statements)}.map((sql) => {
      const begun = performance.now();
      if (sql.startsWith('insert')) database.prepare(sql).run();
      else database.exec(sql);
      return performance.now() - begun;
    });
    if (isMainThread) {
      const worker = new Worker(process.argv[1] ?? '', { eval: true });
      worker.once('message', (others) => console.log(JSON.stringify([...times, ...others])));
    } else parentPort.postMessage(times);
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--require', preload, '--eval', program, '--', program],
    { encoding: 'utf8', env: { ...process.env, FSYNC_MS: String(fsync) } },
  );
  expect(stderr).to.equal('');
  return JSON.parse(stdout) as number[];
}

describe('The simulated slow disk', () => {
  it('makes each commit that changed something wait, on its own thread, and nothing else', () => {
    const statements = [
      'insert into numbers values (1)',
      'select * from numbers',
      'begin',
      'insert into numbers values (2)',
      'commit',
      'begin; rollback',
    ];
    const times = measureTime(...statements);
    const waited = times.map((time) => time >= fsync);
    const expected = [true, false, false, false, true, false];
    expect(waited).to.deep.equal([...expected, ...expected]);
  });
});

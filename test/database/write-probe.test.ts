import { mock } from 'node:test';
import { expect } from 'chai';
import { pino } from 'pino';
import { DatabaseReadOnly, DatabaseUnavailable } from '../../src/database/database-unavailable.js';
import { WriteProbe } from '../../src/database/write-probe.js';
import { OutageLog } from '../../src/database/outage-log.js';

describe('The check that the database accepts writes', () => {
  let writes: number;
  let fails: Error | undefined;
  let held: Promise<void> | undefined;
  let now: number;
  let probe: WriteProbe;
  let lines: string[];
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    [writes, fails, held, now, lines] = [0, undefined, undefined, 0, []];
    const log = pino({}, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) });
    probe = new WriteProbe(
      async () => {
        writes += 1;
        await held;
        if (fails) throw fails;
      },
      new OutageLog(log),
      () => now,
    );
  });
  afterEach(() => {
    probe.close();
    mock.timers.reset();
  });

  const outcome = (): Promise<unknown> => probe.assertWritable().catch((error: unknown) => error);
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('makes one write for all requests within a second', async () => {
    let release = (): void => undefined;
    held = new Promise((resolve) => (release = resolve));
    const asking = Array.from({ length: 100 }, outcome);
    release();
    expect(await Promise.all(asking)).to.deep.equal(asking.map(() => undefined));
    now = 999;
    await outcome();
    expect(writes).to.equal(1);
    now = 1000;
    await outcome();
    expect(writes).to.equal(2);
  });

  it('fails for a second if the write fails', async () => {
    fails = new DatabaseUnavailable('away');
    expect(await outcome()).to.equal(fails);
    const first = fails;
    fails = undefined;
    expect(await outcome()).to.equal(first);
    now = 1000;
    expect(await outcome()).to.be.undefined;
  });

  it('fails after a failed write of a request, until a write succeeds', async () => {
    await outcome();
    const full = new DatabaseReadOnly('database or disk is full');
    probe.reportFailure(full);
    expect(await outcome()).to.equal(full);
    fails = full;
    for (let round = 0; round < 3; round += 1) {
      now += 5000;
      mock.timers.tick(5000);
      await settle();
      expect(await outcome()).to.equal(full);
    }
    fails = undefined;
    mock.timers.tick(5000);
    await settle();
    expect(await outcome()).to.be.undefined;
    expect(lines).to.deep.equal(['the database failed', 'the database works again']);
  });

  it('fails after the database is closed', async () => {
    await outcome();
    probe.close();
    expect(await outcome()).to.be.an.instanceof(DatabaseUnavailable);
  });
});

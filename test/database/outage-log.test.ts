import { expect } from 'chai';
import { pino } from 'pino';
import { OutageLog } from '../../src/database/outage-log.js';

describe('The log of an outage', () => {
  let lines: { level: number; msg: string; failures?: number; seconds?: number; err?: { message: string } }[];
  let now: number;
  let outages: OutageLog;
  beforeEach(() => {
    lines = [];
    now = 1000;
    outages = new OutageLog(
      pino({}, { write: (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]) }),
      () => now,
    );
  });
  const said = (): string[] => lines.map(({ msg }) => msg);

  it('has a line when it begins, one a minute with the number of suppressed lines, and one at its end', () => {
    for (let second = 0; second < 150; second += 1) {
      for (let time = 0; time < 40; time += 1) outages.recordFailure('the database', new Error('away'));
      now += 1000;
    }
    outages.recordRecovery('the database');
    outages.recordRecovery('the database');
    expect(said()).to.deep.equal([
      'the database failed',
      'the database failed (and 2399 more times since the last message)',
      'the database failed (and 2399 more times since the last message)',
      'the database works again',
    ]);
    expect(lines[0]).to.deep.include({ level: 40 });
    expect(lines[0]?.err).to.include({ message: 'away' });
    expect(lines[3]).to.include({ level: 30, failures: 6000, seconds: 150 });
  });

  it('has no line without a failure', () => {
    outages.recordRecovery('the database');
    outages.recordFailure('the feed', new Error('broke'));
    outages.recordRecovery('the database');
    expect(said()).to.deep.equal(['the feed failed']);
  });

  it('has a line for each outage, but few for intermittent failures', () => {
    for (let second = 0; second < 60; second += 1) {
      outages.recordFailure('the feed', new Error('broke'));
      outages.recordRecovery('the feed');
      now += 1000;
    }
    expect(said().filter((line) => line.startsWith('the feed failed'))).to.have.length(6);
    expect(said().filter((line) => line === 'the feed works again')).to.have.length(6);
    now += 10_000;
    outages.recordFailure('the feed', new Error('broke'), { requestId: 'one' }, 'error');
    expect(lines.at(-1)).to.include({ level: 50, requestId: 'one' });
  });

  it('keeps subjects apart', () => {
    for (const what of ['one', 'another', 'one']) outages.recordFailure(what, new Error(what));
    outages.recordRecovery('one');
    expect(said()).to.deep.equal(['one failed', 'another failed', 'one works again']);
  });
});

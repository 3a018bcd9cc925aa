import { expect } from 'chai';
import { summarize } from '../harness/profile.ts';
import { parseReport, render } from '../harness/report.ts';
import { interleave } from '../harness/rounds.ts';
import { computeMedian, computeQuantile, computeSeparation } from '../harness/statistics.ts';

describe('The harness of the benchmarks', () => {
  it('takes the middle of rounds, or between the two in the middle', () => {
    expect(computeMedian([3, 100, 1])).to.equal(3);
    expect(computeMedian([4, 1, 100, 2])).to.equal(3);
  });

  it('finds the value that a share of all does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.99, 1].map((share) => computeQuantile(hundred, share))).to.deep.equal([50, 99, 100]);
    expect(computeQuantile([7], 0.5)).to.equal(7);
  });

  it('says how well values are told apart, and how certain that is', () => {
    expect(computeSeparation([1, 2, 3], [1, 2, 3]).area).to.equal(0.5);
    expect(computeSeparation([4, 5], [1, 2, 3])).to.deep.equal({ area: 1, standardError: 0 });
    expect(computeSeparation([1, 1], [1, 2]).area).to.equal(0.25);
    const many = Array.from({ length: 100 }, (_, index) => index);
    expect(computeSeparation(many, many).standardError).to.be.closeTo(0.041, 0.001);
  });

  it('measures the subjects in turn, round by round', async () => {
    const order: string[] = [];
    const measured = await interleave(['a', 'b', 'c'], 2, (subject, round) => {
      order.push(subject);
      return Promise.resolve(`${subject}${round}`);
    });
    expect(order).to.deep.equal(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(measured.get('b')).to.deep.equal(['b0', 'b1']);
  });

  it('says of a missed aim that it is missed', () => {
    const aim = { what: 'speed', aim: 'at least 2.00', measured: '1.00', isMet: false };
    expect(render({ tables: [], aims: [aim], notes: ['A note.', 'A note.'] })).to.equal(
      '| aim | wanted | measured |  |\n| --- | ---: | ---: | ---: |\n| speed | at least 2.00 | 1.00 | **missed** |\n\nA note.\n',
    );
  });

  it('reads the tables and the aims of what it has rendered', () => {
    const report = {
      tables: [
        { columns: ['', 'requests/s', 'ratio'], rows: [['**Latchkey**', '10,307', '']] },
        { columns: ['alone', 'CPU'], rows: [['a', '1'], ['b', '']] }, // prettier-ignore
      ],
      aims: [
        { what: 'speed', aim: 'at least 2.00', measured: '1.00', isMet: false },
        { what: 'memory', aim: 'at most 1 MiB', measured: '1 MiB', isMet: true },
      ],
    };
    expect(parseReport(render({ ...report, notes: ['A note.'] }))).to.deep.equal(report);
  });

  it('sums a profile by function and by whose code it is, without idle time', () => {
    const node = (id: number, functionName: string, url: string) => ({
      id,
      callFrame: { functionName, url, lineNumber: 9 },
    });
    const [owners, functions] = summarize({
      nodes: [
        node(1, 'handle', 'file:///srv/node_modules/router/index.js'),
        node(2, 'verify', 'file:///srv/dist/src/tokens/access-token.js'),
        node(3, '(idle)', ''),
      ],
      samples: [1, 2, 3, 2],
      timeDeltas: [100, 200, 5000, 100],
    });
    expect(owners?.rows).to.deep.equal([
      ['Latchkey', '75.0%'],
      ['router', '25.0%'],
    ]);
    expect(functions?.rows[0]).to.deep.equal(['verify src/tokens/access-token.js:10', '75.0%']);
  });
});

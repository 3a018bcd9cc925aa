import { expect } from 'chai';
import { defineProblems, Problem } from '../../src/latchkey.js';
import { StartError } from '../../src/start-error.js';

const kind = {
  status: 409,
  title: 'Report locked',
  detail: 'The report is locked.',
  meaning: 'Somebody else is changing the report.',
  remedy: 'Try again later.',
};

describe('Problems of a project', () => {
  it('are problems with the status and the texts that it gives them', () => {
    const cause = new Error('the reason');
    const problem = defineProblems({ report_locked: kind }).create('report_locked', {
      detail: 'By ada.',
      headers: { 'Retry-After': '60' },
      cause,
    });
    expect(problem).to.be.instanceOf(Problem);
    expect(problem).to.include({
      code: 'report_locked',
      status: 409,
      title: kind.title,
      message: 'By ada.',
      cause,
    });
    expect(problem.headers).to.deep.equal({ 'Retry-After': '60' });
    expect(defineProblems({ report_locked: kind }).create('report_locked').message).to.equal(kind.detail);
  });

  it('are refused where Latchkey has the code, all at once', () => {
    expect(() => defineProblems({ not_found: kind, report_locked: kind, busy: kind })).to.throw(
      StartError,
      /^defineProblems: The code "not_found" is one of Latchkey's already\. Choose another one\. The code "busy" is one/,
    );
  });

  for (const [what, problems, message] of [
    ['a code in another form', { 'Report-Locked': kind }, /"Report-Locked" is not written as codes are/],
    ['a code that is too long', { ['a'.repeat(65)]: kind }, /64 at most/],
    [
      'a status that is no error',
      { report_locked: { ...kind, status: 200 } },
      /is 200\. Choose one from 400 to 599/,
    ],
    ['a status that is none', { report_locked: { ...kind, status: 409.5 } }, /is 409\.5/],
    [
      'a title of several lines',
      { report_locked: { ...kind, title: 'a\nb' } },
      /The title of "report_locked"/,
    ],
    [
      'a detail that is too long',
      { report_locked: { ...kind, detail: 'a'.repeat(2001) } },
      /its detail 2000/,
    ],
  ] as const) {
    it(`are refused with ${what}`, () => {
      expect(() => defineProblems(problems)).to.throw(StartError, message);
    });
  }
});

import { expect } from 'chai';
import { problemCodes } from '../../src/problems/problem-codes.js';
import { Problem, retryLater } from '../../src/problems/problem.js';

describe('A problem', () => {
  it('has the status, title and detail of its code, and may have a more specific detail', () => {
    expect(new Problem('not_found')).to.include({
      code: 'not_found',
      status: 404,
      title: 'Not found',
      message: problemCodes.not_found.detail,
    });
    expect(new Problem('not_found', { detail: 'The page is gone.' }).message).to.equal('The page is gone.');
  });

  it('keeps its cause for the log', () => {
    const cause = new Error('the cause');
    expect(new Problem('internal_error', { cause }).cause).to.equal(cause);
  });

  it('has Retry-After in whole seconds, rounded up, at least 1', () => {
    for (const [seconds, header] of [
      [-5, '1'],
      [0, '1'],
      [0.001, '1'],
      [1, '1'],
      [1.001, '2'],
      [899.5, '900'],
    ] as const)
      expect(retryLater('busy', seconds).headers).to.deep.equal({ 'Retry-After': header });
  });

  it('has a code with an error status and plain sentences', () => {
    for (const [code, { status, title, detail }] of Object.entries(problemCodes)) {
      expect(code).to.match(/^[a-z_]+$/);
      expect(status, code).to.be.within(400, 503);
      expect(title, code).to.match(/^[A-Z][^.]*$/);
      // They are sent in headers, too.
      expect(detail, code).to.match(/^[A-Z][ -~]+$/);
    }
  });
});

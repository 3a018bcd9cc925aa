import { expect } from 'chai';
import { problemCodes, type ProblemCode } from '../../src/problems/problem-codes.js';
import type { RawResponse } from './raw-request.js';

/** Checks what applies to every response. */
export function expectWellFormed({ status, headers, text }: RawResponse, toHead = false): void {
  if (status === 100) return;
  expect(status).not.to.be.within(500, 502);
  expect(headers['x-request-id']).to.match(/^[A-Za-z0-9._-]{1,128}$/); // a trusted proxy may have set it
  expect(headers).to.include({ 'x-content-type-options': 'nosniff' });
  expect(headers).to.include.keys('content-security-policy', 'cache-control', 'date');
  if (status < 400 || toHead) return;
  expect(headers).to.include({ 'content-type': 'application/problem+json; charset=utf-8' });
  const { code, ...rest } = JSON.parse(text) as { readonly code: ProblemCode; readonly status: number };
  expect(rest).to.include({ status, title: problemCodes[code].title });
  expect(problemCodes[code].status).to.equal(status);
}

/** Checks a response that is a problem, and the last one on its connection. */
export function expectProblem(response: RawResponse | undefined, code: ProblemCode): void {
  if (!response) expect.fail(`No response came, instead of ${code}.`);
  expectWellFormed(response);
  expect(JSON.parse(response.text)).to.include({ code });
  expect(response.headers).to.include({ connection: 'close' });
}

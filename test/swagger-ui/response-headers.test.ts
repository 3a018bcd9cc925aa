import { expect } from 'chai';
import { sortHeaders } from '../../src/swagger-ui/response-headers.js';

describe('sortHeaders', () => {
  it('puts headers that differ between responses first, and keeps the order of the rest', () => {
    const headers = {
      'cache-control': 'no-store',
      'content-length': '43',
      'content-security-policy': "default-src 'none'",
      'content-type': 'application/json',
      'retry-after': '4',
      'x-request-id': '1',
      'x-xss-protection': '0',
    };
    expect(Object.keys(sortHeaders(headers))).to.deep.equal([
      'content-type',
      'retry-after',
      'x-request-id',
      'cache-control',
      'content-length',
      'content-security-policy',
      'x-xss-protection',
    ]);
    expect(sortHeaders(headers)).to.deep.equal(headers);
  });
});

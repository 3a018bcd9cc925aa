import { expect } from 'chai';
import { findRequestSource } from '../../src/authentication/request-source.js';

describe('The source of a request, by its headers', () => {
  const config = { corsOrigins: ['https://app.example.com'], issuer: 'https://login.example.com' };
  const host = 'login.example.com';
  for (const [headers, source] of [
    [{ 'sec-fetch-site': 'same-origin' }, 'own page'],
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://other.example' }, 'own page'],
    [{ 'sec-fetch-site': 'none' }, 'own page'],
    [{ 'sec-fetch-site': 'same-site', origin: 'https://evil.example.com' }, 'other site'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 'other site'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://login.example.com' }, 'other site'],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://app.example.com' }, 'own page'],
    [{ 'sec-fetch-site': 'same-site', origin: 'https://app.example.com' }, 'own page'],
    [{ 'sec-fetch-site': '' }, 'other site'],
    [{ origin: 'https://login.example.com' }, 'own page'],
    [{ origin: 'https://login.example.com', host: '10.0.0.7:3000' }, 'own page'],
    [{ origin: 'http://10.0.0.7:3000', host: '10.0.0.7:3000' }, 'own page'],
    [{ origin: 'http://login.example.com.evil.example' }, 'other site'],
    [{ origin: 'https://login.example.com:8443' }, 'other site'],
    [{ origin: 'null' }, 'other site'],
    [{ origin: '' }, 'other site'],
    [{}, 'unstated'],
  ] as const) {
    it(`is ${source} for ${JSON.stringify(headers)}`, () => {
      expect(findRequestSource({ headers: { host, ...headers } }, config)).to.equal(source);
    });
  }

  it('is another site if CORS is open to all', () => {
    const open = { corsOrigins: ['*'], issuer: undefined };
    expect(findRequestSource({ headers: { origin: 'https://evil.example' } }, open)).to.equal('other site');
    expect(findRequestSource({ headers: { origin: 'null', host: '' } }, open)).to.equal('other site');
  });
});

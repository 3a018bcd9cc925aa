import { expect } from 'chai';
import { readContract } from '../../src/contract/read-contract.js';
import { TestApp } from '../support/test-app.js';

const methods = ['get', 'head', 'post', 'put', 'patch', 'delete', 'trace'] as const;

/** Every path that the service answers, and with which methods. */
const { paths } = readContract().document as { paths: Record<string, object> };
const known = [
  ...Object.entries(paths),
  ['/docs', { get: {} }] as const,
  ['/docs/', { get: {} }] as const,
].map(([path, operations]) => {
  const answered = Object.keys(operations);
  return {
    path: path.replaceAll(/\{[^}]+\}/g, 'anything'),
    answered: answered.includes('get') ? [...answered, 'head'] : answered,
  };
});

describe('What no operation takes', () => {
  let app: TestApp;
  before(async () => {
    app = await TestApp.start();
  });
  after(() => app.close());

  for (const { path, answered } of known) {
    const allow = [...answered, 'options'].map((method) => method.toUpperCase()).sort();

    it(`is any other method on ${path}: 405, with those that there are`, async () => {
      for (const method of methods.filter((each) => !answered.includes(each))) {
        const { headers, body } = await app.request(method, path).expect(405);
        expect(headers['allow']).to.equal(allow.join(', '));
        if (method !== 'head') expect(body).to.include({ code: 'method_not_allowed' });
      }
    });

    it(`is OPTIONS on ${path}: 204, with the methods that there are`, async () => {
      const { headers, text } = await app.request('options', path).expect(204);
      expect(headers['allow']).to.equal(allow.join(', '));
      expect(text).to.equal('');
    });
  }

  for (const path of [
    '/nothing',
    '/protected/',
    '/PROTECTED',
    '//protected',
    '/users/1/2',
    '/docs/nothing',
  ]) {
    it(`is ${path}: 404, whatever the method`, async () => {
      for (const method of ['get', 'post', 'delete', 'options'] as const) {
        const { body } = await app.request(method, path).expect(404);
        expect(body).to.include({ code: 'not_found' });
      }
    });
  }

  it('is a HEAD where there is a GET: it is answered as the GET is, without the body', async () => {
    for (const [path, status] of [
      ['/health/live', 200],
      ['/openapi.json', 200],
      ['/docs/', 200],
      ['/protected', 401],
      ['/nothing', 404],
    ] as const) {
      const get = await app.get(path).expect(status);
      const head = await app.request('head', path).expect(status);
      expect(head.get('Content-Type')).to.equal(get.get('Content-Type'));
    }
  });
});

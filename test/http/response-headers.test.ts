import { expect } from 'chai';
import express, { type Response } from 'express';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { captureHeaders, setDefaultHeaders } from '../../src/http/response-headers.js';

/** Each way to send a response. */
const ways: Readonly<Record<string, (response: Response) => void>> = {
  end: (response) => response.end('body'),
  'set-and-end': (response) => response.setHeader('cache-control', 'private').end('body'),
  json: (response) => response.status(201).json({}),
  list: (response) => response.writeHead(200, ['Content-Length', '4']).end('body'),
  'list-with-own': (response) => response.writeHead(200, ['CACHE-CONTROL', 'private']).end('body'),
  'list-after-set': (response) =>
    response.setHeader('X-Own', 'own').writeHead(200, ['Content-Length', '4']).end('body'),
  object: (response) => response.writeHead(200, { 'Cache-Control': 'private' }).end('body'),
  reason: (response) => response.writeHead(200, 'Fine', { 'X-Own': 'own' }).end('body'),
  'own-id': (response) => response.setHeader('X-Request-Id', 'own').end('body'),
};
const waysWithOwn = ['set-and-end', 'list-with-own', 'object'];

describe('setDefaultHeaders', () => {
  let server: Server;
  before(async () => {
    const app = express();
    app.use((request, _response, next) => {
      request.requestId = 'the id';
      next();
    });
    setDefaultHeaders(
      app,
      [
        ['Cache-Control', 'no-store'],
        ['X-Frame-Options', 'DENY'],
      ],
      [['X-Secure', 'yes']],
    );
    for (const [name, respond] of Object.entries(ways)) {
      app.get(`/${name}`, (_request, response) => {
        respond(response);
      });
    }
    app.set('trust proxy', 'loopback');
    server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => server.close());

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`, {
      headers: { Connection: 'close', ...headers },
    });

  for (const name of Object.keys(ways)) {
    it(`sends each header once with a response by ${name}, which may override it`, async () => {
      const { headers } = await get(name);
      // fetch joins repeated headers with a comma.
      expect(headers.get('X-Frame-Options')).to.equal('DENY');
      expect(headers.get('X-Request-Id')).to.equal(name === 'own-id' ? 'own' : 'the id');
      expect(headers.get('Cache-Control')).to.equal(waysWithOwn.includes(name) ? 'private' : 'no-store');
    });
  }

  it('sends more headers over HTTPS, however the response is created', async () => {
    for (const name of Object.keys(ways)) {
      const { headers } = await get(name, { 'X-Forwarded-Proto': 'https' });
      expect(headers.get('X-Secure'), name).to.equal('yes');
      expect(headers.get('X-Frame-Options'), name).to.equal('DENY');
      expect((await get(name)).headers.get('X-Secure'), name).to.be.null;
    }
  });

  it('leaves a response’s status, reason and other headers as they are', async () => {
    expect((await get('json')).status).to.equal(201);
    expect((await get('json')).headers.get('Content-Type')).to.equal('application/json; charset=utf-8');
    expect((await get('reason')).statusText).to.equal('Fine');
    for (const name of ['reason', 'list-after-set'])
      expect((await get(name)).headers.get('X-Own')).to.equal('own');
  });

  it('sends the headers that a middleware would have set', () => {
    const headers = captureHeaders((_request, response, next) => {
      response.setHeader('X-One', '1');
      response.removeHeader('X-Two');
      next();
    });
    expect(headers).to.deep.equal([['X-One', '1']]);
  });

  it('throws if the middleware fails', () => {
    expect(() =>
      captureHeaders((_request, _response, next) => {
        next(new Error('the cause'));
      }),
    ).to.throw('cannot be created');
  });
});

import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import { sendEvents, type ServerSentEvent } from '../../src/http/event-stream.js';

describe('A stream of server-sent events', () => {
  let server: Server;
  let sent: Promise<void>;
  let events: () => AsyncGenerator<ServerSentEvent>;
  let tooSlow: AbortController;
  before(async () => {
    const app = express().set('env', 'test');
    app.get('/', (_request, response) => (sent = sendEvents(response, events(), tooSlow.signal)));
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => {
    tooSlow = new AbortController();
  });
  after(() => server.close());

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  async function open(): Promise<IncomingMessage> {
    const [response] = (await once(get(url()), 'response')) as [IncomingMessage];
    return response;
  }

  it('is written in the format of WHATWG HTML, and ends after the last event', async () => {
    events = async function* () {
      yield { id: 'a', data: { text: 'two\nlines' } };
      yield await Promise.resolve({ data: 1 });
    };
    const text = await (await fetch(url())).text();
    expect(text).to.equal('id: a\ndata: {"text":"two\\nlines"}\n\ndata: 1\n\n');
  });

  it('becomes a normal error response if it fails before its first event', async () => {
    events = async function* () {
      yield await Promise.reject(new Error('it failed'));
    };
    expect((await fetch(url())).status).to.equal(500);
  });

  it('closes the connection if it fails later', async () => {
    events = async function* () {
      yield { data: 1 };
      yield await Promise.reject(new Error('it failed'));
    };
    const error = await fetch(url())
      .then((response) => response.text())
      .catch((reason: unknown) => reason);
    expect(error).to.be.an('error');
  });

  it('waits for a client that does not read, and then closes the connection', async () => {
    // More than the buffers of both sides can hold.
    const text = 'x'.repeat(64_000_000);
    let asked = 0;
    events = async function* () {
      for (;;) {
        asked += 1;
        yield await Promise.resolve({ data: text });
      }
    };
    const response = await open();
    tooSlow.abort();
    await sent;
    expect(asked).to.be.at.most(2); // the second one finds the connection closed
    response.resume();
    const [error] = (await once(response, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNRESET');
  });

  it('requests no more events after the client has disconnected', async () => {
    let over = false;
    events = async function* () {
      try {
        for (;;) yield await Promise.resolve({ data: 'x'.repeat(100_000) });
      } finally {
        over = true;
      }
    };
    (await open()).destroy();
    await sent;
    expect(over).to.be.true;
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { METHODS } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { expectWellFormed } from '../support/raw-expectations.js';
import { ProcessResources } from '../support/process-resources.js';
import { RawConnection } from '../support/raw-connection.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

const rounds = 25;
const atOnce = 240;
/** How much the process's memory may grow after the first hundreds, in mebibytes. */
const allowance = 64;

const post = (path: string, type: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const json = 'application/json';

/** Valid requests, to be mutated. */
const requests = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /protected HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a.b.c\r\nCookie: a=b; c="d"\r\n\r\n',
  'GET /users?name=a&limit=1 HTTP/1.1\r\nHost: a:80\r\nX-Forwarded-For: 192.0.2.1, 2001:db8::1\r\nX-Request-Id: a\r\n\r\n',
  'GET /docs/swagger-ui.css HTTP/1.1\r\nHost: a\r\nIf-None-Match: "a", W/"b"\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip;q=0.1\r\n\r\n',
  'OPTIONS /login HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nAccess-Control-Request-Method: POST\r\n\r\n',
  'DELETE /sessions/00000000-0000-0000-0000-000000000000 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a.b.c\r\n\r\n',
  'GET http://a/health/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'GET /health/ready HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'POST /login HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
  'POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n',
  post('/login', json, '{"username":"a","password":"b"}'),
  post('/refresh', json, '{"refresh_token":"lk_rt_a"}'),
  post('/login/cookies', json, '{"username":"\\u0000","password":"\\ud800"}'),
  post('/oauth/token', 'application/x-www-form-urlencoded', 'grant_type=client_credentials&client_id=%ff'),
  'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
];

/** Fragments that are inserted, beside random bytes. */
const pieces = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '%',
  '%00',
  '%ff',
  '[',
  '../',
  '\x80',
  '\xff\xfe',
  '__proto__',
  'Host: b\r\n',
  'Content-Length: 1\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity, chunked\r\n',
  'Expect: 100-continue\r\n',
  'Expect: b\r\n',
  'Connection: close\r\n',
  'Connection: upgrade\r\nUpgrade: h2c\r\n',
  'Authorization: Basic Og==\r\n',
  'Content-Encoding: br\r\n',
  'a'.repeat(17_000),
  'a: b\r\n'.repeat(300),
  // The reader must know that a response to HEAD has no body.
  ...METHODS.filter((method) => method !== 'HEAD').map((method) => `${method} `),
];

const place = fc.double({ min: 0, max: 1, noNaN: true });
const mutation = fc.record({
  from: place,
  to: place,
  what: fc.constantFrom('insert', 'replace', 'cut', 'repeat', 'end'),
  piece: fc.oneof(
    fc.constantFrom(...pieces),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  ),
});
const mutated = fc
  .tuple(
    fc.array(fc.constantFrom(...requests), { minLength: 1, maxLength: 3 }),
    fc.array(mutation, { maxLength: 4 }),
  )
  .map(([bases, mutations]) =>
    mutations.reduce((bytes, { from, to, what, piece }) => {
      const [start = 0, end = 0] = [from, to]
        .map((each) => Math.floor(each * bytes.length))
        .sort((a, b) => a - b);
      if (what === 'end') return bytes.slice(0, end);
      if (what === 'insert') return bytes.slice(0, start) + piece + bytes.slice(start);
      const short = Math.min(end, start + 20);
      const middle = { replace: piece, cut: '', repeat: bytes.slice(start, short).repeat(3) }[what];
      return bytes.slice(0, start) + middle + bytes.slice(short);
    }, bases.join('')),
  );
const client = fc.record({
  bytes: mutated,
  /** Whether the client leaves without reading the response. */
  leaves: fc.boolean(),
  /** Where the bytes are split into two packets. */
  cut: place,
});

describe('Mutated requests', function () {
  let service: ServiceProcess;
  before(async function () {
    if (!ProcessResources.canBeRead) this.skip();
    const installation = await Installation.make({
      LATCHKEY_REQUEST_TIMEOUT: '1',
      LATCHKEY_KEEP_ALIVE_TIMEOUT: '1',
      LATCHKEY_TRUSTED_PROXIES: 'loopback',
      LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000000',
      LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000000',
    });
    service = await installation.start();
  });
  after(endProcesses);

  async function send({
    bytes,
    leaves,
    cut,
  }: {
    bytes: string;
    leaves: boolean;
    cut: number;
  }): Promise<void> {
    const connection = await RawConnection.open(service.api.url);
    try {
      const middle = Math.floor(cut * bytes.length);
      connection.write(bytes.slice(0, middle));
      await wait(1);
      connection.write(bytes.slice(middle));
      if (leaves) return;
      // A valid request's connection ends by its keep-alive, an invalid one's at once, an incomplete one's by its timeout.
      for (const response of await connection.readAllResponses()) {
        expect(response.status, bytes).not.to.equal(500);
        if (!response.headers['content-type']?.startsWith('application/json')) expectWellFormed(response);
      }
    } finally {
      connection.destroy();
    }
  }

  it(`leave the process unchanged, ${rounds * atOnce} of them`, async () => {
    let resources: ProcessResources | undefined;
    await fc.assert(
      fc.asyncProperty(fc.array(client, { minLength: atOnce, maxLength: atOnce }), async (clients) => {
        await Promise.all(clients.map(send));
        resources ??= await ProcessResources.of(service);
      }),
      // A failure is reported without shrinking, which would take hours.
      { numRuns: rounds, endOnFailure: true },
    );
    await resources?.expectBack(allowance);
    await service.end(); // what it has logged has arrived then
    // As one text: chai abbreviates a list.
    const failures = service.stdout.split('\n').filter((line) => /"level":[56]0/.test(line));
    expect(failures.join('\n')).to.equal('');
  }).timeout(600_000);
});

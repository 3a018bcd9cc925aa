import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { BreachCheck, type BreachSource } from '../../src/passwords/breach-check.js';
import { BreachFile, BreachFolder } from '../../src/passwords/breach-files.js';
import { RangeApi } from '../../src/passwords/breach-range-api.js';
import { temporaryFolder } from '../support/folders.js';
import { catchRejection } from '../support/rejections.js';

const known = ['correct horse battery', 'grüße aus wien', 'zzzzzzzz zz', 'hunter2 hunter2'];
const hashOf = (password: string): string => createHash('sha1').update(password).digest('hex').toUpperCase();
const lineOf = (hash: string, count: number): string => `${hash.slice(5)}:${count}`;

function createCheck(
  source: BreachSource,
  whenUnavailable: 'accept' | 'refuse' = 'accept',
  timeout = 10_000,
): { readonly check: BreachCheck; readonly errors: unknown[] } {
  const errors: unknown[] = [];
  const onUnavailable = (error: unknown): void => {
    errors.push(error);
  };
  return { check: new BreachCheck(source, { timeout, whenUnavailable, onUnavailable }), errors };
}

describe('The check for passwords of data breaches', () => {
  describe('by a range API', () => {
    const servers: Server[] = [];
    const asked: { readonly url: string | undefined; readonly headers: Record<string, unknown> }[] = [];
    afterEach(() => {
      for (const server of servers.splice(0)) server.close().closeAllConnections();
      asked.length = 0;
    });

    async function serve(respond: RequestListener): Promise<RangeApi> {
      const server = createServer((request, response) => {
        asked.push({ url: request.url, headers: request.headers });
        respond(request, response);
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return new RangeApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}/range/`);
    }

    const respondWith =
      (...lines: string[]): RequestListener =>
      (_, response) =>
        response.end(lines.join('\r\n'));

    it('sends five digits of the hash alone, and asks for padding', async () => {
      const { check } = createCheck(await serve(respondWith(lineOf(hashOf('another one'), 3))));
      expect(await check.isBreached('correct horse battery')).to.be.false;
      expect(asked.map(({ url }) => url)).to.deep.equal([
        `/range/${hashOf('correct horse battery').slice(0, 5)}`,
      ]);
      expect(asked[0]?.headers).to.include({ 'add-padding': 'true', 'user-agent': 'Latchkey' });
    });

    it('finds a password that is in the range, and not one that pads it', async () => {
      const hash = hashOf('correct horse battery');
      const found = createCheck(await serve(respondWith(lineOf(hashOf('x'), 1), lineOf(hash, 4711))));
      expect(await found.check.isBreached('correct horse battery')).to.be.true;
      const padded = createCheck(await serve(respondWith(lineOf(hash, 0), lineOf(hashOf('x'), 0))));
      expect(await padded.check.isBreached('correct horse battery')).to.be.false;
      expect(found.check.counts).to.deep.equal({ found: 1, clear: 0, unavailable: 0 });
      expect(padded.check.counts).to.deep.equal({ found: 0, clear: 1, unavailable: 0 });
    });

    it('hashes the form of a password that is stored', async () => {
      const { check } = createCheck(await serve(respondWith(lineOf(hashOf('gr\u00fc\u00dfe aus wien'), 1))));
      expect(await check.isBreached('gru\u0308\u00dfe\u00a0aus wien')).to.be.true;
    });

    for (const [what, respond] of [
      ['an error', (_, response) => response.writeHead(503).end()],
      ['a redirect', (_, response) => response.writeHead(302, { Location: 'https://example.com/' }).end()],
      ['the page of a proxy', (_, response) => response.end('<html>Log in to the network</html>')],
      ['more than a range has', (_, response) => response.end(`${'0'.repeat(35)}:1\n`.repeat(70_000))],
      ['the end of the connection', (_, response) => response.destroy()],
    ] as [string, RequestListener][]) {
      it(`accepts the password where the response is ${what}, says so and counts it`, async () => {
        const { check, errors } = createCheck(await serve(respond));
        expect(await check.isBreached('correct horse battery')).to.be.false;
        expect(check.counts).to.deep.equal({ found: 0, clear: 0, unavailable: 1 });
        expect(errors).to.have.length(1);
        expect(String(errors[0])).not.to.include(hashOf('correct horse battery').slice(0, 5));
      });
    }

    it('refuses it then where the settings say so', async () => {
      const { check } = createCheck(await serve((_, response) => response.destroy()), 'refuse');
      const problem = await catchRejection(check.isBreached('correct horse battery'));
      expect(problem).to.include({ code: 'breach_check_unavailable', status: 503 });
    });

    it('waits for its time limit and no longer', async () => {
      const { check, errors } = createCheck(await serve(() => undefined), 'accept', 20);
      expect(await check.isBreached('correct horse battery')).to.be.false;
      expect(String(errors[0])).to.include('no response within 0.02 s');
    });
  });

  it('asks a source that does not respond for a hundred passwords at a time', async () => {
    let asked = 0;
    let release: () => void = () => undefined;
    const held = new Promise<boolean>((resolve) => {
      release = () => {
        resolve(true);
      };
    });
    const { check } = createCheck({
      has: () => {
        asked += 1;
        return held;
      },
    });
    const all = Array.from({ length: 101 }, () => check.isBreached('correct horse battery'));
    expect(await all[100]).to.be.false;
    release();
    expect((await Promise.all(all)).filter(Boolean)).to.have.length(100);
    expect(asked).to.equal(100);
  });

  describe('in a folder', () => {
    const folder = temporaryFolder();
    const [first = '', second = '', third = ''] = known;
    before(() => {
      writeFileSync(folder.path(`${hashOf(first).slice(0, 5)}.txt`), `${lineOf(hashOf(first), 2)}\r\n`);
      writeFileSync(folder.path(hashOf(second).slice(0, 5)), lineOf(hashOf(second), 2).toLowerCase());
      writeFileSync(folder.path(`${hashOf(third).slice(0, 5)}.txt`), 'something else');
    });

    it('finds a password in the file of its range, with or without an extension', async () => {
      const { check, errors } = createCheck(new BreachFolder(folder.path('.')));
      expect(await check.isBreached(first)).to.be.true;
      expect(await check.isBreached(second)).to.be.true;
      expect(errors).to.deep.equal([]);
    });

    it('does not know of a range without a file, or with another content', async () => {
      const { check, errors } = createCheck(new BreachFolder(folder.path('.')));
      expect(await check.isBreached(known[3] ?? '')).to.be.false;
      expect(await check.isBreached(third)).to.be.false;
      expect(check.counts.unavailable).to.equal(2);
      for (const error of errors) expect(String(error)).not.to.match(/[0-9A-F]{5}/);
    });
  });

  describe('in a file', () => {
    const folder = temporaryFolder();
    const write = (name: string, text: string): BreachFile => {
      writeFileSync(folder.path(name), text);
      return new BreachFile(folder.path(name));
    };

    for (const [what, toLine, separator, end] of [
      ['whole hashes with counts', (hash: string) => `${hash}:12`, '\n', '\n'],
      ['hashes without counts, and no line break at its end', (hash: string) => hash, '\r\n', ''],
      [
        'the first 16 digits, in small letters',
        (hash: string) => hash.slice(0, 16).toLowerCase(),
        '\n',
        '\n',
      ],
    ] as const) {
      it(`finds each password that is in it, and no other: ${what}`, async () => {
        for (const size of [0, 1, 2, 3, 10, 257]) {
          const passwords = Array.from({ length: size }, (_, index) => `password number ${index}`);
          const lines = passwords.map(hashOf).sort().map(toLine);
          const text = lines.join(separator) + (size > 0 ? end : '');
          const { check, errors } = createCheck(write(`hashes of ${size}`, text));
          for (const password of passwords) {
            if (!(await check.isBreached(password))) expect.fail(`${password} of ${size} is not found`);
          }
          for (let other = 0; other < 50; other += 1)
            expect(await check.isBreached(`other ${other}`)).to.be.false;
          expect(errors).to.deep.equal([]);
        }
      });
    }

    for (const [what, text] of [
      ['words', 'password\nsecret\n'],
      ['one line without an end', 'A'.repeat(100_000)],
    ] as const) {
      it(`says that it cannot look up in ${what}`, async () => {
        const { check, errors } = createCheck(write('malformed', text));
        expect(await check.isBreached('correct horse battery')).to.be.false;
        expect(String(errors[0])).to.include('the file has another line than');
      });
    }
  });
});

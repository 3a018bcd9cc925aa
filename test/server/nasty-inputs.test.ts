import { expect } from 'chai';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/server/app.js';
import { readContract } from '../../src/contract/read-contract.js';
import { resolveOptions } from '../../src/guard/options.js';
import { settings, type Setting } from '../../src/config/settings.js';
import { nastyTexts, nastyTextsInBodies } from '../support/nasty-texts.js';
import { adminPassword, TestApp } from '../support/test-app.js';

/**
 * Nothing here measures time. Each input is far longer than what the service lets in: what grows with the square of the
 * length would take minutes, and the test's own timeout ends it.
 */
const kibi = 1024;
/** The longest header is 16 KiB. */
const headerLength = 128 * kibi;
/** The longest body is 64 KiB. */
const bodyLength = 60 * kibi;
/** Of texts that no request has, such as settings. */
const longest = kibi * kibi;

interface Schema {
  readonly $ref?: string;
  readonly pattern?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const { document, text: contractText } = readContract();
const { paths, components } = document as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);

const locations = {
  JWT_TOKEN_LOCATION: 'headers,cookies,query_string,json',
  JWT_CSRF_CHECK_FORM: 'true',
  LATCHKEY_TRUSTED_PROXIES: 'loopback',
  LATCHKEY_CORS_ORIGINS: 'https://app.example.com',
  LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000000',
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000000',
};

/** The headers that the service, or a library that it uses, reads, each with what it may begin with. */
function headersThatAreRead({ services }: TestApp): (readonly [name: string, beginning: string])[] {
  const { headerName, headerType, accessCsrfHeaderName, refreshCsrfHeaderName } = services.config;
  const { accessCookieName, refreshCookieName, accessCsrfCookieName } = services.config;
  return [
    ...['', `${headerType} `, headerType, 'Basic ', 'basic', 'Basic Zm9v'].map(
      (beginning) => [headerName, beginning] as const,
    ),
    ...[accessCookieName, refreshCookieName, accessCsrfCookieName].flatMap((name) =>
      ['', '__Host-', '__Secure-'].map((prefix) => ['Cookie', `${prefix}${name}=`] as const),
    ),
    ['Cookie', ''],
    ['Cookie', '"'],
    [accessCsrfHeaderName, ''],
    [refreshCsrfHeaderName, ''],
    ...['For', 'Proto', 'Host', 'Port', 'Prefix'].flatMap((what) => [
      [`X-Forwarded-${what}`, ''] as const,
      [`X-Forwarded-${what}`, '/'] as const,
    ]),
    ['X-Forwarded-For', '[::'],
    ['Forwarded', 'for='],
    ['X-Request-Id', ''],
    ['Last-Event-ID', ''],
    ['Origin', 'https://'],
    ['Access-Control-Request-Method', ''],
    ['Access-Control-Request-Headers', ''],
    ['Accept', 'text/html;'],
    ['Accept-Language', 'de;q='],
    ['Accept-Encoding', 'gzip;q='],
    ['Accept-Charset', 'utf-8;'],
    ['If-None-Match', ''],
    ['If-None-Match', 'W/"'],
    ['If-Match', '"'],
    ['If-Modified-Since', 'Sat, '],
    ['If-Unmodified-Since', 'Sat, '],
    ['If-Range', '"'],
    ['Cache-Control', 'no-cache='],
    ['Range', 'bytes='],
    ['Content-Type', ''],
    ['Content-Type', 'application/json;'],
    ['Content-Type', 'application/json; charset="'],
    ['Content-Type', 'application/x-www-form-urlencoded;'],
    ['Content-Encoding', 'gzip,'],
    ['User-Agent', ''],
    ['Referer', 'https://'],
    ['Host', ''],
    ['TE', 'trailers,'],
    ['Via', '1.1 '],
  ];
}

describe('Long inputs of what is nasty to parse', () => {
  let app: TestApp;
  let server: Server;
  let agent: Agent;
  let token: string;

  before(async () => {
    app = await TestApp.start({ settings: locations });
    // The service itself with headers of any length: its own server refuses what is over 16 KiB.
    server = createServer({ maxHeaderSize: 8 * kibi * kibi }, createApp(app.services));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    agent = new Agent({ keepAlive: true });
    ({ access_token: token } = await app.login('admin', adminPassword));
  });
  after(async () => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
    await app.close();
  });

  /** @returns the status. A stream is left. */
  function send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body = '',
  ): Promise<number> {
    const { port } = server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent,
          port,
          host: '127.0.0.1',
          method: method.toUpperCase(),
          path,
          headers,
          maxHeaderSize: 8 * kibi * kibi,
        },
        (response) => {
          const { statusCode = 0 } = response;
          if (response.headers['content-type']?.startsWith('text/event-stream')) sent.destroy();
          response.resume().once('close', () => {
            resolve(statusCode);
          });
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  }

  async function expectAnswer(...parameters: Parameters<typeof send>): Promise<void> {
    const status = await send(...parameters);
    expect(status, `${parameters[0]} ${parameters[1].slice(0, 80)}`).to.be.within(200, 499);
  }

  const authorized = (): Record<string, string> => ({ Authorization: `Bearer ${token}` });

  it('are answered at once in every header', async () => {
    for (const [name, beginning] of headersThatAreRead(app)) {
      for (const text of nastyTexts(headerLength)) {
        await expectAnswer('GET', '/protected', { [name]: `${beginning}${text}` });
      }
    }
  }).timeout(60_000);

  for (const [method, path] of [
    ['POST', '/oauth/token'],
    ['POST', '/login'],
    ['OPTIONS', '/login'],
    ['GET', '/docs/'],
    ['GET', '/.well-known/jwks.json'],
    ['GET', '/'],
  ] as const) {
    it(`are answered at once in every header of ${method} ${path}`, async () => {
      const texts = nastyTexts(headerLength);
      for (const [name, beginning] of headersThatAreRead(app)) {
        for (const text of texts) {
          await expectAnswer(method, path, { 'Content-Length': '0', [name]: `${beginning}${text}` });
        }
      }
    }).timeout(60_000);
  }

  it('are answered at once in every path and query', async () => {
    for (const { path, method, parameters = [] } of operations) {
      const names = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
      const inPath = parameters.some((each) => each.in === 'path');
      const anywhere = path.replaceAll(/\{[^{}]*\}/g, 'a');
      for (const text of nastyTexts(headerLength / 4)) {
        const encoded = encodeURIComponent(text);
        if (inPath) {
          await expectAnswer(method, path.replaceAll(/\{[^{}]*\}/g, encoded), authorized());
        }
        for (const name of names) {
          await expectAnswer(method, `${anywhere}?${name}=${encoded}`, authorized());
        }
      }
    }
    const { queryStringName } = app.services.config;
    for (const text of nastyTexts(headerLength)) {
      const legal = text.replaceAll(/[^\x21-\x7e]/g, '+');
      await expectAnswer('GET', `/${legal}`);
      await expectAnswer('GET', `/docs/${legal}`);
      await expectAnswer('GET', `/protected?${legal}`);
      await expectAnswer('GET', `/protected?${queryStringName}=${encodeURIComponent(text)}`);
    }
  }).timeout(60_000);

  for (const { path, method, requestBody } of operations) {
    for (const [mediaType, { schema }] of Object.entries(requestBody?.content ?? {})) {
      it(`are answered at once in every field of ${method.toUpperCase()} ${path}`, async () => {
        const { properties = {} } = resolve(schema);
        const names = [...Object.keys(properties), 'access_token', 'csrf_token', 'no_field'];
        const headers = { ...authorized(), 'Content-Type': mediaType };
        const concrete = path.replaceAll(/\{[^{}]*\}/g, 'a');
        const isForm = mediaType === 'application/x-www-form-urlencoded';
        for (const text of nastyTextsInBodies(isForm ? bodyLength / 9 : bodyLength / 2)) {
          for (const name of names) {
            const isList = properties[name] && resolve(properties[name]).type === 'array';
            const value = isList ? [text] : text;
            const body = isForm
              ? new URLSearchParams({ grant_type: 'client_credentials', [name]: text }).toString()
              : JSON.stringify({ [name]: value });
            await expectAnswer(method, concrete, headers, body);
            if (!isForm) await expectAnswer(method, concrete, headers, JSON.stringify({ [text]: '' }));
          }
          await expectAnswer(method, concrete, headers, text);
        }
      }).timeout(60_000);
    }
  }

  it('are judged at once by every pattern of the contract', () => {
    const patterns = [...contractText.matchAll(/"pattern": ?("(?:[^"\\]|\\.)*")/g)].map(
      ([, quoted = '']) => JSON.parse(quoted) as string,
    );
    expect(patterns).not.to.be.empty;
    for (const pattern of new Set(patterns)) {
      const expression = new RegExp(pattern);
      for (const text of nastyTextsInBodies(longest)) expression.test(text);
    }
  });

  it('are judged at once by every setting', () => {
    for (const { parse } of Object.values<Setting<unknown>>(settings)) {
      for (const text of nastyTexts(longest / 8)) {
        for (const beginning of ['', 'https://a/', 'sqlite:', 'postgres://a:']) {
          try {
            parse(`${beginning}${text}`);
          } catch {
            // Refused, as most are.
          }
        }
      }
    }
  });

  it('are judged at once by the options of the guard', () => {
    for (const text of nastyTexts(longest)) {
      try {
        resolveOptions({ issuer: `https://a/${text}`, audience: text, client: { id: text, secret: text } });
      } catch (error) {
        expect(error).to.be.instanceOf(TypeError);
      }
    }
  });

  function resolve(schema: Schema): Schema {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : (components.schemas[name] ?? {});
  }
});

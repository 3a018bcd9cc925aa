import { headerLength, UnlimitedService } from '../support/unlimited-service.js';
import { createNastyTexts } from '../support/nasty-texts.js';
import type { TestApp } from '../support/test-app.js';

/** Header that the service or one of its libraries reads → possible beginnings. */
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

describe('Long headers that are expensive to parse', () => {
  const texts = createNastyTexts(headerLength);
  let service: UnlimitedService;
  before(async () => {
    service = await UnlimitedService.start();
  });
  after(() => service.close());

  for (const [method, path, more] of [
    ['GET', '/protected', {}],
    ...[
      ['POST', '/oauth/token'],
      ['POST', '/login'],
      ['OPTIONS', '/login'],
      ['GET', '/docs/'],
      ['GET', '/.well-known/jwks.json'],
      ['GET', '/'],
    ].map(([method = '', path = '']) => [method, path, { 'Content-Length': '0' }] as const),
  ] as const) {
    it(`get a response at once from ${method} ${path}`, async () => {
      for (const [name, beginning] of headersThatAreRead(service.app)) {
        for (const text of texts) {
          await service.expectResponse(method, path, { ...more, [name]: `${beginning}${text}` });
        }
      }
    }).timeout(60_000);
  }
});

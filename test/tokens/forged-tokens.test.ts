import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { CompactEncrypt } from 'jose';
import { Problem } from '../../src/problems/problem.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { createOwnOperation } from '../support/own-operations.js';
import { TestApp } from '../support/test-app.js';
import { base64url, encode, readJwt, signContent, signJwt } from '../support/tokens.js';

type Members = Readonly<Record<string, unknown>>;
type Forgery = () => string | Promise<string>;

const strangersKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const strangersJwk = createPublicKey(strangersKey).export({ format: 'jwk' });

describe('A forged access token', () => {
  let app: TestApp;
  let tokens: TokenSet;
  let token: string;
  let header: Members;
  let claims: Members;
  before(async () => {
    app = await TestApp.start();
    tokens = await app.login();
    token = tokens.access_token;
    ({ header, claims } = readJwt(token));
  });
  after(() => app.close());

  const signature = (): string => token.split('.')[2] ?? '';
  const part = (index: number): string => token.split('.')[index] ?? '';
  /** Signed with the service's key: only the contents are wrong. */
  const saying = (more: { header?: Members; claims?: Members }): string =>
    signJwt(app.services.ring, {
      header: { ...header, ...more.header },
      claims: { ...claims, ...more.claims },
    });
  /** Signed with the service's key, exactly as it is given. */
  const spelled = (headerText: string, claimsText: string): string =>
    signContent(app.services.ring, `${base64url(headerText)}.${base64url(claimsText)}`);
  const byStranger = (more: Members): string => {
    const content = encode({ header: { ...header, ...more }, claims });
    const made = sign('sha256', Buffer.from(content), { key: strangersKey, dsaEncoding: 'ieee-p1363' });
    return `${content}.${made.toString('base64url')}`;
  };
  const withHmac = (algorithm: string, secret: string | Buffer): string => {
    const content = encode({ header: { ...header, alg: algorithm }, claims });
    const hash = algorithm.replace('HS', 'sha');
    return `${content}.${createHmac(hash, secret).update(content).digest('base64url')}`;
  };

  async function expectRefused(forged: string, on = app): Promise<void> {
    expect((await on.get('/protected', forged).expect(401)).body).to.include({ code: 'invalid_token' });
  }

  function areRefused(forgeries: Readonly<Record<string, Forgery>>): void {
    for (const [what, forge] of Object.entries(forgeries)) {
      it(what, async () => {
        await expectRefused(await forge());
      });
    }
  }

  it('differs from an accepted one only in what is wrong', async () => {
    await app.get('/protected', saying({})).expect(200);
    await app.get('/protected', spelled(JSON.stringify(header), JSON.stringify(claims))).expect(200);
  });

  it('has the last of two claims with one name, if the service’s key has signed both (RFC 7519 §4)', async () => {
    const [text, past] = [JSON.stringify(claims), `"exp":${app.clock.now() / 1000 - 1}`];
    await app.get('/protected', spelled(JSON.stringify(header), `{${past},${text.slice(1)}`)).expect(200);
    await expectRefused(spelled(JSON.stringify(header), `${text.slice(0, -1)},${past}}`));
  });

  describe('is refused without a signature:', () => {
    const none = ['none', 'None', 'NONE', 'nOnE', 'noNe', ' none', 'none ', '', 'null'];
    areRefused({
      ...Object.fromEntries(
        none.flatMap((alg) =>
          ['', 'AA'].map((end): [string, Forgery] => [
            `the algorithm "${alg}" and the signature "${end}"`,
            () => `${encode({ header: { ...header, alg }, claims })}.${end}`,
          ]),
        ),
      ),
      'the algorithm null': () => `${encode({ header: { ...header, alg: null }, claims })}.`,
      'no algorithm at all': () => `${encode({ header: { ...header, alg: undefined }, claims })}.`,
      'the algorithms as a list': () => `${encode({ header: { ...header, alg: ['ES256'] }, claims })}.`,
      'a blank signature': () => `${part(0)}.${part(1)}.`,
      'a signature of spaces': () => `${part(0)}.${part(1)}.%20`,
      'a signature that says null': () => `${part(0)}.${part(1)}.${base64url('null')}`,
      'no third part': () => `${part(0)}.${part(1)}`,
    });
  });

  describe('is refused with a signature that is not its own:', () => {
    areRefused({
      'that of another token': async () =>
        `${part(0)}.${part(1)}.${(await app.login()).access_token.split('.')[2]}`,
      'zeros (CVE-2022-21449)': () => `${part(0)}.${part(1)}.${base64url(Buffer.alloc(64))}`,
      'r of zero': () =>
        `${part(0)}.${part(1)}.${base64url(Buffer.concat([Buffer.alloc(32), Buffer.from(signature(), 'base64url').subarray(32)]))}`,
      's of zero': () =>
        `${part(0)}.${part(1)}.${base64url(Buffer.concat([Buffer.from(signature(), 'base64url').subarray(0, 32), Buffer.alloc(32)]))}`,
      'the DER form of a right one': () => {
        const content = `${part(0)}.${part(1)}`;
        const { privateKey } = app.services.ring.signingKey;
        return `${content}.${base64url(sign('sha256', Buffer.from(content), privateKey))}`;
      },
      'one of half the length': () => `${part(0)}.${part(1)}.${base64url(Buffer.alloc(32, 1))}`,
      'one of twice the length': () => `${part(0)}.${part(1)}.${signature()}${signature()}`,
    });
  });

  describe('is refused with the public key used as a secret:', () => {
    const publicKey = (): KeyObject => app.services.ring.signingKey.publicKey;
    const forms: Readonly<Record<string, () => string | Buffer>> = {
      PEM: () => publicKey().export({ type: 'spki', format: 'pem' }),
      'PEM without its last line break': () =>
        publicKey().export({ type: 'spki', format: 'pem' }).toString().trimEnd(),
      DER: () => publicKey().export({ type: 'spki', format: 'der' }),
      JWK: () => JSON.stringify(publicKey().export({ format: 'jwk' })),
      'the published JWK': () => JSON.stringify(app.services.ring.listPublishedKeys()[0]),
      nothing: () => '',
    };
    for (const algorithm of ['HS256', 'HS384', 'HS512']) {
      areRefused(
        Object.fromEntries(
          Object.entries(forms).map(([form, secret]) => [
            `${algorithm} with ${form}`,
            () => withHmac(algorithm, secret()),
          ]),
        ),
      );
    }

    it('for RS256, and PS256 instead', async () => {
      const { privateKey, publicKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const settings = {
        JWT_ALGORITHM: 'RS256',
        JWT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      };
      const other = await TestApp.start({ settings });
      try {
        const { access_token: accepted } = await other.login();
        await other.get('/protected', accepted).expect(200);
        const own = readJwt(accepted);
        const secrets = [
          rsa.export({ type: 'spki', format: 'pem' }),
          rsa.export({ type: 'pkcs1', format: 'pem' }),
          rsa.export({ type: 'spki', format: 'der' }),
          JSON.stringify(rsa.export({ format: 'jwk' })),
        ];
        const content = encode({ header: { ...own.header, alg: 'HS256' }, claims: own.claims });
        for (const secret of secrets)
          await expectRefused(
            `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`,
            other,
          );
        const pss = encode({ header: { ...own.header, alg: 'PS256' }, claims: own.claims });
        const made = sign('sha256', Buffer.from(pss), { key: privateKey, padding: 6, saltLength: 32 });
        await expectRefused(`${pss}.${base64url(made)}`, other);
      } finally {
        await other.close();
      }
    });
  });

  describe('is refused with a key of its own:', () => {
    let requests = 0;
    let server: Server;
    let url: string;
    before(async () => {
      server = createServer((_request, response) => {
        requests += 1;
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify({ keys: [{ ...strangersJwk, kid: 'stranger' }] }));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    });
    after(() => new Promise((resolve) => server.close(resolve)));

    const sources = (): Readonly<Record<string, Members>> => ({
      jwk: { jwk: strangersJwk },
      jku: { jku: url },
      x5u: { x5u: url },
      x5c: { x5c: [base64url(createPublicKey(strangersKey).export({ type: 'spki', format: 'der' }))] },
      'all of them': { jwk: strangersJwk, jku: url, x5u: url, x5c: ['AAAA'] },
    });
    for (const source of ['jwk', 'jku', 'x5u', 'x5c', 'all of them']) {
      areRefused({
        [`by ${source}, under the service’s key id`]: () => byStranger(sources()[source] ?? {}),
        [`by ${source}, under its own`]: () => byStranger({ ...sources()[source], kid: 'stranger' }),
        [`by ${source}, under none`]: () => byStranger({ ...sources()[source], kid: undefined }),
      });
    }

    it('and nothing is fetched', () => {
      expect(requests).to.equal(0);
    });
  });

  describe('is refused with a key id that', () => {
    areRefused(
      Object.fromEntries(
        [
          '../../../../dev/null',
          '/proc/self/environ',
          'file:///dev/null',
          "' or '1'='1",
          "x' union select 'AAAA' -- ",
          '%00',
          '\u0000',
          '',
          '__proto__',
          'constructor',
          'toString',
          'x'.repeat(4000),
          7,
          null,
          true,
          ['a'],
          { toString: 'a' },
        ].map((kid): [string, Forgery] => [
          `is ${JSON.stringify(kid).slice(0, 40)}`,
          () => saying({ header: { kid } }),
        ]),
      ),
    );

    it('is an array with the right one', () => expectRefused(saying({ header: { kid: [header['kid']] } })));
  });

  describe('is refused with the type', () => {
    for (const typ of [
      'JWT',
      'jwt',
      'rt+jwt',
      'at+jwt2',
      'application/jwt',
      'text/at+jwt',
      '',
      null,
      1,
      ['at+jwt'],
      {},
    ])
      it(JSON.stringify(typ), () => expectRefused(saying({ header: { typ } })));
  });

  describe('is refused with the claim', () => {
    const now = (): number => app.clock.now() / 1000;
    const wrong: readonly (readonly [claim: string, what: string, value: () => unknown])[] = [
      ['iss', 'of another issuer', () => 'http://elsewhere.test'],
      ['iss', 'with a slash more', () => 'http://latchkey.test/'],
      ['iss', 'as a list', () => ['http://latchkey.test']],
      ['iss', 'missing', () => undefined],
      ['aud', 'of another audience', () => 'http://elsewhere.test'],
      ['aud', 'of others', () => ['http://elsewhere.test', 'http://other.test']],
      ['aud', 'as an empty list', () => []],
      ['aud', 'as a list of lists', () => [['http://latchkey.test']]],
      ['aud', 'as an object', () => ({ 0: 'http://latchkey.test', length: 1 })],
      ['aud', 'missing', () => undefined],
      ['nbf', 'in the future', () => now() + 1],
      ['nbf', 'as text', () => String(now())],
      ['nbf', 'with a fraction', () => now() - 0.5],
      ['exp', 'now', now],
      ['exp', 'with a fraction', () => now() + 60.5],
      ['exp', 'of the year 10000', () => 253_402_300_800],
      ['exp', 'beyond all numbers', () => 1e308],
      ['exp', 'a little later than any that the service sets', () => now() + 86_400 + 301],
      ['exp', 'below zero', () => -1],
      ['exp', 'as text', () => String(now() + 60)],
      ['exp', 'null', () => null],
      ['exp', 'as a list', () => [now() + 60]],
      ['exp', 'missing: it would never expire', () => undefined],
      ['iat', 'as text', () => String(now())],
      ['iat', 'with a fraction', () => now() + 0.5],
      ['sub', 'as a list', () => [claims['sub']]],
      ['sub', 'as a number', () => 1],
      ['sub', 'null', () => null],
      ['sid', 'missing', () => undefined],
      ['sid', 'as a list', () => [claims['sid']]],
      ['jti', 'as a list', () => [claims['jti']]],
      ['scope', 'as a list', () => ['users:write']],
      ['roles', 'as text', () => 'admin'],
      ['roles', 'as a list of lists', () => [['admin']]],
      ['ver', 'as text', () => '0'],
      ['ver', 'below all versions', () => Number.MIN_SAFE_INTEGER - 1],
      ['client_id', 'missing', () => undefined],
      ['auth_time', 'as text', () => String(now())],
      ['fresh', 'as text', () => 'true'],
      ['pwd_change', 'false', () => false],
      ['preferred_username', 'as a list', () => ['ada']],
    ];
    for (const [claim, what, value] of wrong)
      it(`${claim} ${what}`, () => expectRefused(saying({ claims: { [claim]: value() } })));
  });

  describe('is refused in another encoding:', () => {
    const json = (value: Members): string => JSON.stringify(value);
    const replaceLast = (text: string, replace: (character: string) => string): string =>
      text.slice(0, -1) + replace(text.slice(-1));
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    /** With its last character's unused bits set. */
    const trailing = (text: string): string =>
      replaceLast(text, (last) => alphabet[alphabet.indexOf(last) + 1] ?? '');
    areRefused({
      'an algorithm twice': () => spelled(`{"alg":"none",${json(header).slice(1)}`, json(claims)),
      'a key id twice': () => spelled(`{"kid":"x",${json(header).slice(1)}`, json(claims)),
      'white space in the header': () => spelled(JSON.stringify(header, undefined, 1), json(claims)),
      'a byte order mark': () => spelled(json(header), `\ufeff${json(claims)}`),
      'padding of the header': () => `${part(0)}=.${part(1)}.${signature()}`,
      'padding of the claims': () => `${part(0)}.${part(1)}=.${signature()}`,
      'padding of the signature': () => `${token}==`,
      'trailing bits of the signature': () => `${part(0)}.${part(1)}.${trailing(signature())}`,
      'characters of plain base64': () => {
        const other = signature().replaceAll('-', '+').replaceAll('_', '/');
        return `${part(0)}.${part(1)}.${other === signature() ? `+${other.slice(1)}` : other}`;
      },
      'a character that decoders skip': () => `${token}~`,
      'four parts': () => `${token}.`,
      'an empty part in front': () => `.${token}`,
    });

    for (const [what, respell] of [
      ['a line break', (text: string) => `${text}\n`],
      ['white space within', (text: string) => `${text.slice(0, 50)} ${text.slice(50)}`],
      ['white space before', (text: string) => ` ${text}`],
      ['a zero byte', (text: string) => `${text}\u0000`],
    ] as const) {
      it(`${what}, in a location other than the header that lets it through`, () => {
        expect(() => app.services.accessTokens.verify(respell(token)))
          .to.throw(Problem)
          .with.property('code', 'invalid_token');
      });
    }
  });

  describe('is refused as a token of another kind:', () => {
    areRefused({
      'compressed (zip)': () => {
        const content = `${base64url(JSON.stringify({ ...header, zip: 'DEF' }))}.${base64url(deflateRawSync(JSON.stringify(claims)))}`;
        return signContent(app.services.ring, content);
      },
      'with claims that are not encoded (b64)': () => {
        const head = base64url(JSON.stringify({ ...header, b64: false, crit: ['b64'] }));
        return signContent(app.services.ring, `${head}.${part(1)}`);
      },
      'with any critical header': () => saying({ header: { crit: [] } }),
      'a JWT in a JWT': () =>
        signContent(
          app.services.ring,
          `${base64url(JSON.stringify({ ...header, cty: 'JWT' }))}.${base64url(token)}`,
        ),
      'of five parts': () => `${token}.${part(1)}.${signature()}`,
      'a JWE': () =>
        new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
          .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt', kid: String(header['kid']) })
          .encrypt(Buffer.alloc(32)),
      'a refresh token': () => tokens.refresh_token,
      'claims that are a list': () => spelled(JSON.stringify(header), JSON.stringify([claims])),
      'claims that are null': () => spelled(JSON.stringify(header), 'null'),
      'claims that are text': () => spelled(JSON.stringify(header), '"text"'),
      'claims that are nothing': () => signContent(app.services.ring, `${part(0)}.`),
      'a header that is a list': () => spelled(JSON.stringify([header]), JSON.stringify(claims)),
      'a header that is null': () => spelled('null', JSON.stringify(claims)),
      'brackets, 3,000 deep': () => spelled(JSON.stringify(header), '['.repeat(1500) + ']'.repeat(1500)),
      'of 12 KiB': () => saying({ claims: { roles: ['x'.repeat(8500)] } }),
    });

    it('with 100 KiB: by Node’s HTTP parser in a header, and by the service elsewhere', async () => {
      const long = saying({ claims: { roles: ['x'.repeat(75_000)] } });
      const { status } = await fetch(`${app.url}/protected`, {
        headers: { Authorization: `Bearer ${long}` },
      });
      expect(status).to.equal(431);
      for (const each of [long, 'a'.repeat(102_400), '.'.repeat(102_400)]) {
        expect(() => app.services.accessTokens.verify(each))
          .to.throw(Problem)
          .with.property('code', 'invalid_token');
      }
      await app.get('/protected', token).expect(200);
    });
  });

  describe('is not a refresh token either:', () => {
    for (const [what, make] of [
      ['an access token', () => token.slice(0, 512)],
      ['an access token behind a refresh token’s prefix', () => `lk_rt_${token}`.slice(0, 512)],
      ['a refresh token without its prefix', () => tokens.refresh_token.slice('lk_rt_'.length)],
      ['a refresh token with padding', () => `${tokens.refresh_token}=`],
      ['a refresh token of other letters', () => tokens.refresh_token.toUpperCase()],
    ] as const) {
      it(what, async () => {
        const { body } = await app.post('/refresh', { refresh_token: make() }).expect(401);
        expect(body).to.include({ code: 'invalid_refresh_token' });
      });
    }
  });

  it('is refused on an operation with an optional token, too', async () => {
    const optional = await TestApp.start({
      ownOperations: [createOwnOperation('optional', [{ bearer: [] }, {}])],
    });
    try {
      await optional.get('/own/optional').expect(200);
      for (const forged of ['x', token, `${encode({ header: { ...header, alg: 'none' }, claims })}.`])
        await optional.get('/own/optional', forged).expect(401);
    } finally {
      await optional.close();
    }
  });
});

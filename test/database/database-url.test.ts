import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { parsePostgresUrl } from '../../src/database/postgres-url.js';
import { parseDatabaseUrl } from '../../src/database/database-url.js';
import { certificates } from '../support/postgres-server.js';

const at = 'postgres://user:password@db.example.com:5433/latchkey';
const authority = join(certificates, 'authority.pem');
const server = join(certificates, 'server.pem');
const key = join(certificates, 'server-key.pem');
const url = (parameters: string): string => `${at}?${parameters}`;

describe('A PostgreSQL URL', () => {
  it('without TLS parameters makes a plain connection', () => {
    for (const text of [at, url('sslmode=disable')]) {
      expect(parseDatabaseUrl(text)).to.deep.equal({ kind: 'postgres', url: at });
    }
  });

  it('keeps its other parameters', () => {
    expect(parseDatabaseUrl(url('application_name=one&options=-csearch_path%3Dx'))).to.deep.equal({
      kind: 'postgres',
      url: url('application_name=one&options=-csearch_path%3Dx'),
    });
    expect(parseDatabaseUrl('postgres:///latchkey?host=/run/postgresql&user=x')).to.have.property(
      'kind',
      'postgres',
    );
  });

  for (const [parameters, verifies, checksName] of [
    ['sslmode=require', false, false],
    [`sslmode=require&sslrootcert=${authority}`, true, false],
    [`sslmode=verify-ca&sslrootcert=${authority}`, true, false],
    [`sslmode=verify-full&sslrootcert=${authority}`, true, true],
    ['sslmode=verify-full', true, true],
  ] as const) {
    it(`encrypts with ${parameters.replaceAll(`${certificates}/`, '')}`, () => {
      const { tls, url: plain } = parseDatabaseUrl(url(parameters)) as ReturnType<typeof parseDatabaseUrl> & {
        kind: 'postgres';
      };
      expect(plain).to.equal(at);
      expect(tls?.rejectUnauthorized !== false).to.equal(verifies);
      expect(tls?.checkServerIdentity === undefined).to.equal(checksName);
      expect(tls?.ca).to.equal(
        parameters.includes('sslrootcert') ? readFileSync(authority, 'utf8') : undefined,
      );
    });
  }

  it('may have a client certificate', () => {
    expect(parseDatabaseUrl(url(`sslmode=require&sslcert=${server}&sslkey=${key}`)))
      .to.have.property('tls')
      .that.includes({ cert: readFileSync(server, 'utf8'), key: readFileSync(key, 'utf8') });
  });

  for (const [parameters, error] of [
    [
      'sslmode=prefer',
      'must have one of disable, require, verify-ca, verify-full as its sslmode, and has "prefer"',
    ],
    ['sslmode=verify_full', 'and has "verify_full"'],
    ['sslmod=require', 'must not have the parameter "sslmod"'],
    ['statement_timeout=5', 'must not have the parameter "statement_timeout"'],
    [
      `sslrootcert=${authority}`,
      'must have require, verify-ca, verify-full as its sslmode beside sslrootcert',
    ],
    ['sslmode=verify-ca', 'must have sslrootcert'],
    [`sslmode=require&sslcert=${server}`, 'must have both sslcert and sslkey'],
    [
      'sslmode=verify-full&sslrootcert=/nowhere.pem',
      'must have a readable file as its sslrootcert, but "/nowhere.pem"',
    ],
    [
      `sslmode=verify-full&sslrootcert=${key}`,
      'must have a certificate in PEM form in the file of its sslrootcert',
    ],
  ] as const) {
    it(`is refused with ${parameters.replaceAll(`${certificates}/`, '')}`, () => {
      expect(() => parseDatabaseUrl(url(parameters))).to.throw(error);
      expect(() => parseDatabaseUrl(url(parameters))).not.to.throw('password@');
    });
  }
});

describe('The target of a PostgreSQL URL', () => {
  const target = (text: string) => parsePostgresUrl(text).target;

  it('is one host, or several that are tried in order', () => {
    expect(target(at)).to.deep.include({
      hosts: [{ host: 'db.example.com', port: 5433 }],
      user: 'user',
      password: 'password',
      database: 'latchkey',
    });
    const read = '?target_session_attrs=read-write';
    expect(target(`postgres://u@one:5432,two,[::1]:6000/x${read}`).hosts).to.deep.equal([
      { host: 'one', port: 5432 },
      { host: 'two' },
      { host: '::1', port: 6000 },
    ]);
    expect(target('postgresql:///x?host=one,/run/postgresql&port=1,2').hosts).to.deep.equal([
      { host: 'one', port: 1 },
      { host: '/run/postgresql', port: 2 },
    ]);
    expect(target('postgres://one,two/x?port=7').hosts).to.deep.equal([
      { host: 'one', port: 7 },
      { host: 'two', port: 7 },
    ]);
    expect(target('postgres://%2Frun%2Fpostgresql/x').hosts).to.deep.equal([{ host: '/run/postgresql' }]);
    expect(target('postgres:///x').hosts).to.deep.equal([{}]);
  });

  it('may have the other parameters of libpq’s URLs', () => {
    expect(target(url('connect_timeout=3&application_name=a%20b&user=v&password=p%2Bq+r'))).to.deep.include({
      connectTimeout: 3000,
      application_name: 'a b',
      user: 'v',
      password: 'p+q+r',
    });
    expect(target(url('sslmode=require&channel_binding=require'))).to.include({ channelBinding: 'require' });
    expect(target(at)).to.include({ channelBinding: 'disable' });
    expect(
      target(url('options=-c%20geqo%3Doff%20--work-mem%3D5MB%20-csearch_path%3Da%5C%20b')),
    ).to.deep.include({
      settings: [
        ['geqo', 'off'],
        ['work_mem', '5MB'],
        ['search_path', 'a b'],
      ],
    });
    expect(target(url('options=endpoint%3Dx'))).to.deep.include({ settings: [], options: 'endpoint=x' });
  });

  for (const [text, error] of [
    [`${at}#x?sslmode=verify-full`, 'must not have a "#": nothing after it would be read'],
    [`${at}#`, 'must not have a "#"'],
    [url('target_session_attrs=any'), 'must have read-write or primary as its target_session_attrs'],
    [url('target_session_attrs=standby'), 'must have read-write or primary as its target_session_attrs'],
    [url('channel_binding=yes'), 'must have one of disable, prefer, require as its channel_binding'],
    [url('channel_binding=require'), 'must have sslmode with channel_binding=require'],
    [url('connect_timeout=0'), 'must have a connect_timeout from 1 to 60 seconds'],
    [url('connect_timeout=2s'), 'must have a connect_timeout from 1 to 60 seconds'],
    [url('options=-cstatement_timeout%3D1'), 'must not set statement_timeout in its options'],
    [url('options=-c%20TimeZone%3DUTC'), 'must not set timezone in its options'],
    [url('port=1&port=2'), 'must have one port, and has several'],
    [url('pgbouncer=true'), 'must not have the parameter "pgbouncer": there are sslmode, '],
    ['postgres://a,b/x?port=1,2,3', 'must have one port for all its hosts, or one for each'],
    ['postgres://a:0/x', 'must have a port from 1 to 65535'],
    ['postgres://a:70000/x', 'must have a port from 1 to 65535'],
    ['postgres://u:p@a:b:c/x', 'must have host:port'],
    ['postgres://u:100%@a/x', 'percent-encoded'],
  ] as const) {
    it(`is refused: ${text}`, () => {
      expect(() => parseDatabaseUrl(text)).to.throw(error);
    });
  }

  it('may have a password of any characters, percent-encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (password) => {
        const encoded = encodeURIComponent(password);
        expect(target(`postgres://u:${encoded}@h/x`).password).to.equal(password);
        expect(target(`postgres://u@h/x?password=${encoded}`).password).to.equal(password);
      }),
    );
  });

  it('discloses no part of a password in any error', () => {
    const part = fc.constantFrom('zqx', 'qxz', 'xzq');
    const between = fc.constantFrom(
      '@',
      '/',
      '?',
      '#',
      ':',
      '%',
      '&',
      '=',
      ' ',
      '@h/',
      '?a=',
      '&sslmode=',
      '%zz',
      ',',
      '[',
      '\\',
    );
    const nasty = fc
      .array(fc.tuple(between, part), { minLength: 1, maxLength: 5 })
      .map((pairs) => `zqx${pairs.flat().join('')}`);
    const form = fc.constantFrom(
      (password: string) => `postgres://user:${password}@db.example.com:5432/latchkey`,
      (password: string) => `postgres://user:${password}@db.example.com/latchkey?sslmode=verify-full`,
      (password: string) => `postgres://user:${password}@one:1,two:2/latchkey`,
      (password: string) => `postgres://user@h/latchkey?password=${password}`,
      (password: string) => `postgres://user@h/latchkey?password=${password}&sslmode=verify-full`,
      (password: string) => `postgres://user@h/latchkey?sslmode=wrong&password=${password}`,
    );
    fc.assert(
      fc.property(form, nasty, (make, password) => {
        try {
          parseDatabaseUrl(make(password));
        } catch (error) {
          const all = [error, (error as Error).cause].map((each) => inspect(each, { depth: 9 })).join();
          expect(all).not.to.match(/zqx|qxz|xzq/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is parsed in full or refused: an unencoded password never makes another URL', () => {
    for (const sign of ['@', '/', '?', '#']) {
      expect(() => parseDatabaseUrl(`postgres://user:a${sign}b@db.example.com/latchkey`), sign).to.throw(
        /percent-encoded|%23/,
      );
    }
  });
});

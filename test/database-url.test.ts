import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { databaseUrl } from '../src/database-url.js';
import { certificates } from './support/postgres-server.js';

const at = 'postgres://user:password@db.example.com:5433/latchkey';
const authority = join(certificates, 'authority.pem');
const server = join(certificates, 'server.pem');
const key = join(certificates, 'server-key.pem');
const url = (parameters: string): string => `${at}?${parameters}`;

describe('A PostgreSQL URL', () => {
  it('says nothing of TLS: the connection is plain', () => {
    for (const text of [at, url('sslmode=disable')]) {
      expect(databaseUrl(text)).to.deep.equal({ kind: 'postgres', url: at });
    }
  });

  it('keeps what it says beside TLS', () => {
    expect(databaseUrl(url('application_name=one&options=-csearch_path%3Dx'))).to.deep.equal({
      kind: 'postgres',
      url: url('application_name=one&options=-csearch_path%3Dx'),
    });
    expect(databaseUrl('postgres:///latchkey?host=/run/postgresql&user=x')).to.have.property(
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
      const { tls, url: plain } = databaseUrl(url(parameters)) as ReturnType<typeof databaseUrl> & {
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

  it('has a certificate of the client’s', () => {
    expect(databaseUrl(url(`sslmode=require&sslcert=${server}&sslkey=${key}`)))
      .to.have.property('tls')
      .that.includes({ cert: readFileSync(server, 'utf8'), key: readFileSync(key, 'utf8') });
  });

  for (const [parameters, fault] of [
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
      'must have a readable file as its sslrootcert, and /nowhere.pem',
    ],
    [
      `sslmode=verify-full&sslrootcert=${key}`,
      'must have a certificate in PEM form in the file of its sslrootcert',
    ],
  ] as const) {
    it(`is refused with ${parameters.replaceAll(`${certificates}/`, '')}`, () => {
      expect(() => databaseUrl(url(parameters))).to.throw(fault);
      expect(() => databaseUrl(url(parameters))).not.to.throw('password@');
    });
  }
});

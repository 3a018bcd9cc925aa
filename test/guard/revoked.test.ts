import { expect } from 'chai';
import type { Claims } from '../../src/guard/claims.js';
import { Revoked, type RevocationEntry } from '../../src/guard/revoked.js';

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const session = (id: string, until: number): RevocationEntry => ({
  kind: 'session',
  id,
  expires_at: at(until),
});
const ofSession = (sid: string): Claims => ({ sid, jti: '-', sub: '-', ver: 0 }) as unknown as Claims;
const ofSubject = (sub: string, ver: number): Claims => ({ jti: '-', sub, ver }) as unknown as Claims;

describe('The revocations in a guard', () => {
  let revoked: Revoked;
  beforeEach(() => {
    revoked = new Revoked();
  });

  it('are those of a session, a token, or a subject’s earlier versions', () => {
    revoked.add([
      session('a', 10),
      { kind: 'token', id: 'b', expires_at: at(10) },
      { kind: 'subject', id: 'c', version: 3, expires_at: at(10) },
    ]);
    expect(revoked.has(ofSession('a'))).to.be.true;
    expect(revoked.has(ofSession('b'))).to.be.false;
    expect(revoked.has({ ...ofSession('x'), jti: 'b' })).to.be.true;
    expect([0, 2, 3, 4].map((version) => revoked.has(ofSubject('c', version)))).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });

  it('of a role or of all roles concern users’ earlier tokens, and never a client’s', () => {
    const ofUser = (roles: string[], version?: number): Claims => ({
      ...ofSession('x'),
      roles,
      ...(version !== undefined && { roles_ver: version }),
    });
    const ofClient = { jti: '-', sub: '-', ver: 0, roles: [] } as unknown as Claims;
    revoked.add([{ kind: 'role', id: 'auditor', version: 3, expires_at: at(10) }]);
    expect(revoked.has(ofUser(['reader', 'auditor'], 2))).to.be.true;
    expect(revoked.has(ofUser(['auditor']))).to.be.true;
    expect(revoked.has(ofUser(['auditor'], 3))).to.be.false;
    expect(revoked.has(ofUser(['reader'], 2))).to.be.false;
    revoked.add([{ kind: 'role', id: '*', version: 4, expires_at: at(10) }]);
    expect(revoked.has(ofUser(['auditor'], 3))).to.be.true;
    expect(revoked.has(ofUser([]))).to.be.true;
    expect(revoked.has(ofUser([], 4))).to.be.false;
    expect(revoked.has(ofClient)).to.be.false;
    revoked.sweep(10);
    expect(revoked.size).to.equal(0);
  });

  it('are kept once if they come twice, with the higher version and the later expiry', () => {
    const subject = (version: number, until: number): RevocationEntry => {
      return { kind: 'subject', id: 'c', version, expires_at: at(until) };
    };
    revoked.add([subject(2, 20), subject(3, 10), session('a', 20), session('a', 10)]);
    expect(revoked.size).to.equal(2);
    revoked.sweep(19);
    expect(revoked.has(ofSubject('c', 2))).to.be.true;
    expect(revoked.has(ofSession('a'))).to.be.true;
    revoked.sweep(20);
    expect(revoked.size).to.equal(0);
  });

  it('ignore unknown kinds', () => {
    revoked.add([{ kind: 'device', id: 'a', expires_at: at(10) }]);
    expect(revoked.size).to.equal(0);
  });

  it('are removed a few at a time, even if there are many and more come', () => {
    const count = 25_000;
    for (let index = 0; index < count; index += 1)
      revoked.add([session(`s${index}`, index % 2 === 0 ? 5 : 50)]);
    const sizes = [];
    for (let times = 0; times < 3; times += 1) {
      revoked.sweep(10);
      sizes.push(revoked.size);
    }
    expect(sizes).to.deep.equal([20_000, 15_000, 12_500]);
    revoked.add([session('late', 5)]);
    revoked.sweep(10);
    revoked.sweep(10);
    expect(revoked.has(ofSession('late'))).to.be.false;
    expect(revoked.has(ofSession('s1'))).to.be.true;
  });
});

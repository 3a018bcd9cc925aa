import { expect } from 'chai';
import { guard, type Guard, type Refusal } from '../../src/guard/guard.js';
import { startTestIssuer, type TestIssuer } from '../../src/guard/testing.js';
import { until } from '../support/until.js';

describe('The stand-in for the service', () => {
  let issuer: TestIssuer;
  let latchkey: Guard;
  before(async () => {
    issuer = await startTestIssuer();
    latchkey = guard({ ...issuer.options, whenStale: 'refuse' });
    await latchkey.start();
  });
  after(async () => {
    await latchkey.close();
    await issuer.close();
  });

  async function codeOf(token: string, ...requirements: readonly string[]): Promise<string> {
    return latchkey.check(`Bearer ${token}`, ...requirements).then(
      () => 'none',
      (error: unknown) => (error as Refusal).code,
    );
  }

  it('gives tokens that a guard accepts, with these permissions and claims', async () => {
    const token = await issuer.token({
      permissions: ['reports:read', 'reports:write'],
      subject: 'ada',
      claims: { tenant: 5 },
    });
    const caller = await latchkey.check(`Bearer ${token}`, 'reports:read', 'fresh:300');
    expect(caller.subject).to.equal('ada');
    expect([...caller.permissions]).to.deep.equal(['reports:read', 'reports:write']);
    expect(caller.claims['tenant']).to.equal(5);
  });

  it('gives tokens of any age', async () => {
    expect(await codeOf(await issuer.token({ age: 890 }))).to.equal('none');
    expect(await codeOf(await issuer.token({ age: 301 }), 'fresh:300')).to.equal(
      'insufficient_user_authentication',
    );
    expect(await codeOf(await issuer.token({ fresh: false }), 'fresh')).to.equal(
      'insufficient_user_authentication',
    );
    expect(await codeOf(await issuer.token(), 'mfa')).to.equal('insufficient_user_authentication');
    const proved = await issuer.token({ secondFactor: true, age: 301 });
    expect(await codeOf(proved, 'mfa')).to.equal('none');
    expect(await codeOf(proved, 'mfa:300')).to.equal('insufficient_user_authentication');
    expect(await codeOf(await issuer.token({ claims: { mfa_enroll: true } }))).to.equal(
      'second_factor_enrollment_required',
    );
    expect(await codeOf(await issuer.token({ age: 901 }))).to.equal('invalid_token');
    expect(await codeOf(await issuer.token({ age: 901, lifetime: 3600 }))).to.equal('none');
  });

  it('gives tokens that a guard refuses', async () => {
    expect(await codeOf(await issuer.token(), 'reports:read')).to.equal('insufficient_scope');
    expect(await codeOf(await issuer.token({ audience: 'another' }))).to.equal('invalid_token');
    expect(await codeOf(await issuer.token({ claims: { sid: undefined } }))).to.equal('invalid_token');
    const other = await startTestIssuer();
    expect(await codeOf(await other.token())).to.equal('invalid_token');
    await other.close();
  });

  it('revokes a token', async () => {
    const [kept, ended] = [await issuer.token(), await issuer.token()];
    expect(await codeOf(ended)).to.equal('none');
    issuer.revoke(ended);
    await until(async () => (await codeOf(ended)) === 'invalid_token');
    expect(await codeOf(kept)).to.equal('none');
  });

  it('says of a token whether it is live', async () => {
    const [live, ended] = [await issuer.token(), await issuer.token()];
    issuer.revoke(ended);
    for (const [token, active] of [
      [live, true],
      [ended, false],
      ['no token', false],
    ] as const) {
      const response = await fetch(`${issuer.url}/oauth/introspect`, {
        method: 'POST',
        body: new URLSearchParams({ token }),
      });
      expect(await response.json()).to.deep.equal({ active });
    }
  });
});

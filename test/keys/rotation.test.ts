import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import type { Services } from '../../src/server/services.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { maxAccessTokenLifetime } from '../../src/tokens/access-token-verifier.js';
import { KeyRingError } from '../../src/keys/stored-keys.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { databaseKinds } from '../support/databases.js';
import { catchRejection } from '../support/rejections.js';
import { computeCode, enrollTotp, loginWithCode } from '../support/second-factors.js';
import { TestApp } from '../support/test-app.js';
import { readJwt, ResourceServer } from '../support/tokens.js';

const day = 86_400;
/** The max-age of the JWKS, and a minute more. */
const publishedAhead = 360;
const accepted = maxAccessTokenLifetime / 1000;
const secret = 'a shared secret of the tests that is long';

const keyOf = ({ access_token: token }: TokenSet): unknown => readJwt(token).header['kid'];
const algorithmOf = ({ access_token: token }: TokenSet): unknown => readJwt(token).header['alg'];
const refreshKeyOf = ({ refresh_token: token }: TokenSet): string =>
  Buffer.from(token.slice('lk_rt_'.length), 'base64url').toString('latin1', 1, 13);

for (const database of databaseKinds) {
  describe(`Rotating keys on ${database}`, () => {
    let app: TestApp;
    beforeEach(async () => {
      app = await TestApp.start({ database });
    });
    afterEach(() => app.close());

    const published = async (): Promise<string[]> => {
      const { body } = await app.get('/.well-known/jwks.json').expect(200);
      return (body.keys as { kid: string }[]).map(({ kid }) => kid);
    };
    const expectAccepted = ({ access_token: token }: TokenSet) => app.get('/protected', token).expect(200);
    const expectRefused = ({ access_token: token }: TokenSet) => app.get('/protected', token).expect(401);

    describe('access-token keys', () => {
      it('publishes the new key at once, and signs with it when no cache can lack it', async () => {
        const oldKey = app.services.ring.signingKey.id;
        const signsAt = await app.services.ring.rotate('access', serviceActor);
        expect(signsAt).to.equal(app.clock.now() + publishedAhead * 1000);
        const [first, newKey] = await published();
        expect(first).to.equal(oldKey);
        app.clock.advance(publishedAhead - 0.001);
        expect(keyOf(await app.login())).to.equal(oldKey);
        app.clock.advance(0.001);
        expect(keyOf(await app.login())).to.equal(newKey);
      });

      it('accepts the old key until the last token that it may have signed has expired, and then removes it', async () => {
        const oldKey = app.services.ring.signingKey.id;
        await app.services.ring.rotate('access', serviceActor);
        app.clock.advance(publishedAhead - 0.001);
        const lastOfOld = await app.login();
        app.clock.advance(899);
        await expectAccepted(lastOfOld);
        app.clock.advance(accepted - 899);
        expect(await published())
          .to.have.length(2)
          .and.include(oldKey);
        app.clock.advance(0.001);
        expect(await published())
          .to.have.length(1)
          .and.not.include(oldKey);
        expect(app.services.ring.findSigningKey(oldKey)).to.be.undefined;
        await app.services.cleanUp();
        expect(app.services.ring.listSigningKeys().map(({ id }) => id)).not.to.include(oldKey);
      });

      it('leaves one key signing after two rotations, and accepts every token', async () => {
        const tokens = [await app.login()];
        await app.services.ring.rotate('access', serviceActor);
        await app.services.ring.rotate('access', serviceActor);
        for (let minutes = 0; minutes < 14; minutes += 1) {
          app.clock.advance(60);
          tokens.push(await app.login());
        }
        expect(keyOf(await app.login())).to.equal((await published()).at(-1));
        for (const each of tokens) await expectAccepted(each);
      });
    });

    describe('refresh-token keys', () => {
      it('uses the new key half a minute later, and accepts tokens of the old one until they are refreshed', async () => {
        const old = await app.login();
        await app.services.ring.rotate('refresh', serviceActor);
        expect(refreshKeyOf(await app.login())).to.equal(refreshKeyOf(old));
        app.clock.advance(30);
        const next = await app.refresh(old.refresh_token);
        expect(refreshKeyOf(next)).not.to.equal(refreshKeyOf(old));
        await app.refresh(next.refresh_token);
      });

      it('returns the same successor during the grace, whichever of the two keys made it', async () => {
        const { refresh_token: first } = await app.login();
        await app.services.ring.rotate('refresh', serviceActor);
        app.clock.advance(29);
        const { refresh_token: second } = await app.refresh(first);
        app.clock.advance(9);
        expect((await app.refresh(first)).refresh_token).to.equal(second);
        const { refresh_token: third } = await app.refresh(second);
        app.clock.advance(9);
        expect((await app.refresh(second)).refresh_token).to.equal(third);
      });

      it('accepts an old token until it expires, and during its grace', async () => {
        await app.services.ring.rotate('refresh', serviceActor);
        app.clock.advance(29.999);
        const { refresh_token: last } = await app.login();
        app.clock.advance(30 * day - 1);
        const { refresh_token: successor } = await app.refresh(last);
        app.clock.advance(9);
        await app.services.cleanUp();
        expect((await app.refresh(last)).refresh_token).to.equal(successor);
      });
    });

    describe('by a change of settings and a restart', () => {
      it('to another algorithm publishes the new key first, and accepts tokens until they expire', async () => {
        const tokens = [await app.login()];
        const restart = async (settings: Record<string, string>): Promise<void> => {
          app = await app.restart(settings);
          tokens.push(await app.login());
          for (const each of tokens) await expectAccepted(each);
        };
        await restart({ JWT_ALGORITHM: 'RS256' });
        expect(await published()).to.have.length(2);
        app.clock.advance(publishedAhead);
        tokens.push(await app.login());
        await restart({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: secret });
        await restart({ JWT_ALGORITHM: 'ES256', JWT_SECRET_KEY: '', JWT_PREVIOUS_SECRET_KEYS: secret });
        app.clock.advance(publishedAhead);
        tokens.push(await app.login());
        // The token before the last is of the old key, which signed until the new one was known.
        expect(tokens.map(algorithmOf)).to.deep.equal(['ES256', 'ES256', 'RS256', 'HS256', 'RS256', 'ES256']);
        for (const each of tokens.slice(2)) await expectAccepted(each);
        app.clock.advance(900 - publishedAhead);
        for (const each of tokens.slice(0, -1)) await expectRefused(each);
        for (const each of tokens.slice(-1)) await expectAccepted(each);
      });

      it('back to a key that is about to retire leaves no time without a key, and invalidates no token early', async () => {
        const hs = { JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: secret };
        app = await app.restart(hs);
        app.clock.advance(accepted - 60);
        app = await app.restart({ JWT_ALGORITHM: 'ES256', JWT_ACCESS_TOKEN_EXPIRES: '1d' });
        const first = await app.login();
        app.clock.advance(publishedAhead - 1);
        const last = await app.login();
        expect(keyOf(last)).to.equal(keyOf(first));
        app.clock.advance(day - publishedAhead);
        await expectAccepted(first);
        await expectAccepted(last);
      });

      it('to another shared secret accepts the previous one while it is set, and not longer', async () => {
        const other = 'another shared secret, of one comma';
        app = await app.restart({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: secret });
        const old = await app.login();
        app = await app.restart({ JWT_SECRET_KEY: other, JWT_PREVIOUS_SECRET_KEYS: secret });
        await expectAccepted(old);
        const current = await app.login();
        expect(keyOf(current)).not.to.equal(keyOf(old));
        app = await app.restart({
          JWT_SECRET_KEY: secret,
          JWT_PREVIOUS_SECRET_KEYS: JSON.stringify([other]),
        });
        await expectAccepted(current);
        await expectAccepted(old);
        app = await app.restart({ JWT_PREVIOUS_SECRET_KEYS: '' });
        await expectRefused(current);
        await expectAccepted(old);
      });

      it('from HS256 to HS512 accepts tokens of the same secret', async () => {
        const long = secret.repeat(2);
        app = await app.restart({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: long });
        const old = await app.login();
        app = await app.restart({ JWT_ALGORITHM: 'HS512' });
        await expectAccepted(old);
        expect(algorithmOf(await app.login())).to.equal('HS512');
      });

      it('does not use a secret that is set together with an asymmetric algorithm', async () => {
        app = await app.restart({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: secret });
        const old = await app.login();
        app = await app.restart({ JWT_ALGORITHM: 'ES256' });
        await expectRefused(old);
      });
    });

    describe('by age', () => {
      let other: Services | undefined;
      afterEach(async () => {
        await other?.database.close();
        other = undefined;
      });

      it('is done by one of the processes when LATCHKEY_KEY_ROTATION has passed', async () => {
        app.clock.advance(90 * day - 1);
        await app.services.cleanUp();
        expect(await published()).to.have.length(1);
        app.clock.advance(1);
        other = await app.openAgain();
        if (database === 'postgres') await Promise.all([app.services.cleanUp(), other.cleanUp()]);
        else for (const each of [app.services, other]) await each.cleanUp();
        expect(await published()).to.have.length(2);
        const { refresh_token: token } = await app.login();
        expect(readJwt((await app.refresh(token)).access_token)).to.be.an('object');
        expect(other.ring.listPublishedKeys()).to.deep.equal(app.services.ring.listPublishedKeys());
      });

      it('is not done if LATCHKEY_KEY_ROTATION is 0, nor for an operator’s own key', async () => {
        const jwk = JSON.stringify(app.services.ring.signingKey.privateKey.export({ format: 'jwk' }));
        app = await app.restart({ LATCHKEY_KEY_ROTATION: '0' });
        app.clock.advance(1000 * day);
        await app.services.cleanUp();
        expect(await published()).to.have.length(1);
        app = await app.restart({ LATCHKEY_KEY_ROTATION: '1d', JWT_PRIVATE_KEY: jwk });
        await app.services.cleanUp();
        expect(await published()).to.have.length(1);
      });
    });

    describe('of leaked keys', () => {
      it('revokes their tokens at once, cached ones too, and signs with another key', async () => {
        const [leaked] = app.services.ring.listSigningKeys();
        const tokens = await app.login();
        await expectAccepted(tokens);
        expect(await app.services.ring.revoke(leaked?.id ?? '', serviceActor)).to.be.true;
        await expectRefused(tokens);
        expect(await published())
          .to.have.length(1)
          .and.not.include(leaked?.id);
        await expectAccepted(await app.refresh(tokens.refresh_token));
      });

      it('takes effect in the other processes', async () => {
        const other = await app.openAgain();
        try {
          const tokens = await app.login();
          other.accessTokens.verify(tokens.access_token);
          await app.services.ring.revoke(app.services.ring.signingKey.id, serviceActor);
          await other.catchUp();
          expect(() => other.accessTokens.verify(tokens.access_token)).to.throw('not signed with a key');
        } finally {
          await other.database.close();
        }
      });

      it('lets the key that is already published sign from then on', async () => {
        await app.services.ring.rotate('access', serviceActor);
        const [oldKey = '', newKey] = await published();
        await app.services.ring.revoke(oldKey, serviceActor);
        expect(keyOf(await app.login())).to.equal(newKey);
        expect(await published()).to.deep.equal([newKey]);
      });

      it('returns to the previous key if that is still accepted, and publishes another one', async () => {
        const oldKey = app.services.ring.signingKey.id;
        await app.services.ring.rotate('access', serviceActor);
        app.clock.advance(publishedAhead + accepted - 10);
        const newKey = app.services.ring.signingKey.id;
        await app.services.ring.revoke(newKey, serviceActor);
        const tokens = await app.login();
        expect(keyOf(tokens)).to.equal(oldKey);
        app.clock.advance(publishedAhead);
        await expectAccepted(tokens);
        expect(keyOf(await app.login()))
          .not.to.equal(oldKey)
          .and.not.equal(newKey);
      });

      it('ends all sessions for a refresh-token key, here and in other processes', async () => {
        const { ring } = app.services;
        const [old, gone] = [await app.login(), await app.login()];
        await ring.rotate('refresh', serviceActor);
        app.clock.advance(30);
        const next = await app.refresh(old.refresh_token);
        const other = await app.openAgain();
        try {
          const [leaked] = ring.listRefreshKeys();
          expect(await ring.revoke(leaked?.id ?? '', serviceActor)).to.be.true;
          await app.services.catchUp();
          await other.catchUp();
          await expectRefused(gone);
          await app.post('/refresh', { refresh_token: gone.refresh_token }).expect(401);
          expect(other.revocations.isRevoked(other.accessTokens.verify(gone.access_token))).to.be.true;
          await expectRefused(next);
          await app.post('/refresh', { refresh_token: next.refresh_token }).expect(401);
          await expectAccepted(await app.login());
        } finally {
          await other.database.close();
        }
      });

      it('replaces the only refresh-token key at once', async () => {
        const { ring } = app.services;
        const tokens = await app.login();
        await ring.revoke(ring.refreshKey.id, serviceActor);
        await app.post('/refresh', { refresh_token: tokens.refresh_token }).expect(401);
        await app.refresh((await app.login()).refresh_token);
      });

      it('returns false for an unknown key', async () => {
        expect(await app.services.ring.revoke('no key', serviceActor)).to.be.false;
      });
    });

    describe('and the secret that encrypts them', () => {
      const newSecret = 'the new secret of the tests, long enough';

      it('allows only the new secret to decrypt the keys', async () => {
        const tokens = await app.login();
        const { refresh_token: successor } = await app.refresh(tokens.refresh_token);
        await app.services.ring.reseal(() => new KeySealing(newSecret), serviceActor);
        expect(await catchRejection(app.openAgain()))
          .to.be.instanceOf(KeyRingError)
          .with.property('message')
          .that.matches(/^LATCHKEY_SECRET does not open/);
        app = await app.restart({ LATCHKEY_SECRET: newSecret });
        await expectAccepted(tokens);
        expect((await app.refresh(tokens.refresh_token)).refresh_token).to.equal(successor);
      });

      it('is not what authenticator apps are encrypted with, but their key is', async () => {
        const password = 'the password of ada';
        await app.createUser('ada', password);
        const { secret } = await enrollTotp(app, await app.login('ada', password));
        await app.services.ring.reseal(() => new KeySealing(newSecret), serviceActor);
        expect((await loginWithCode(app, 'ada', password, computeCode(secret, app))).status).to.equal(200);
        app = await app.restart({ LATCHKEY_SECRET: newSecret });
        app.clock.advance(30);
        expect((await loginWithCode(app, 'ada', password, computeCode(secret, app))).status).to.equal(200);
      });

      it('is refused in a process that still has the old secret', async () => {
        await app.services.ring.reseal(() => new KeySealing(newSecret), serviceActor);
        for (const purpose of ['access', 'refresh'] as const)
          expect(await catchRejection(app.services.ring.rotate(purpose, serviceActor))).to.be.instanceOf(
            KeyRingError,
          );
        expect(
          await catchRejection(
            app.services.ring.reseal(() => expect.fail('asked for a secret'), serviceActor),
          ),
        ).to.be.instanceOf(KeyRingError);
        await app.login();
        app = await app.restart({ LATCHKEY_SECRET: newSecret });
        await app.login();
      });
    });

    it('causes no failed request under load, here and at a resource server that caches the keys', async () => {
      const { ring } = app.services;
      const resourceServer = new ResourceServer(app);
      let sessions: TokenSet[] = await Promise.all(Array.from({ length: 4 }, () => app.login()));
      const load = async (): Promise<void> => {
        const held = sessions;
        const [fresh, ...refreshed] = await Promise.all([
          app.login(),
          ...held.map(({ refresh_token: token }) => app.refresh(token)),
          ...held.map((each) => expectAccepted(each)),
          ...held.map(({ access_token: token }) => resourceServer.verify(token)),
        ] as const);
        sessions = [fresh, ...(refreshed.slice(0, held.length) as TokenSet[])].slice(0, 5);
      };
      await load();
      app.clock.advance(1);
      await Promise.all([
        ring.rotate('access', serviceActor),
        load(),
        ring.rotate('refresh', serviceActor),
        load(),
      ]);
      const keys = new Set<unknown>();
      for (const seconds of [0, 29, 1, 270, 1, 58, 1, 1, 300, 300, 300]) {
        app.clock.advance(seconds);
        await load();
        for (const each of sessions) keys.add(keyOf(each)).add(refreshKeyOf(each));
      }
      expect(keys).to.have.property('size', 4);
      for (const hours of [12, 12, 1]) {
        app.clock.advance(hours * 3600 - 600);
        sessions = await Promise.all(sessions.map(({ refresh_token: token }) => app.refresh(token)));
        await Promise.all([app.services.cleanUp(), load()]);
      }
    });
  });
}

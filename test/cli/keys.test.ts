import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { serviceActor } from '../../src/audit/actor.js';
import { importKey, listKeys, revokeKey, rotateKeys, rotateSecret } from '../../src/cli/keys.js';
import { readConfig } from '../../src/config/config.js';
import type { Output } from '../../src/cli/command-output.js';
import type { Services } from '../../src/server/services.js';
import { StartError } from '../../src/start-error.js';
import { captureOutput } from '../support/command-output.js';
import { temporaryFolder } from '../support/folders.js';
import { catchRejection } from '../support/rejections.js';
import { TestApp } from '../support/test-app.js';

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;

describe('latchkey keys', () => {
  const folder = temporaryFolder();
  let app: TestApp;
  const start = async (settings: Record<string, string> = {}): Promise<void> => {
    app = await TestApp.start({ settings });
  };
  afterEach(() => app.close());

  /** Runs a command. @returns what it prints. */
  async function run<Words extends readonly string[]>(
    command: (services: Services, output: Output, ...words: Words) => Promise<void>,
    ...words: Words
  ): Promise<string> {
    const { output, printed } = captureOutput();
    await command(app.services, output, ...words);
    return printed();
  }

  async function expectFault<Words extends readonly string[]>(
    words: RegExp,
    command: (services: Services, output: Output, ...words: Words) => Promise<void>,
    ...parameters: Words
  ): Promise<void> {
    expect(await catchRejection(run(command, ...parameters)))
      .to.be.instanceOf(Error)
      .with.property('message')
      .that.matches(words);
  }

  const inSixMinutes = (): string => new Date(app.clock.now() + 360_000).toISOString();

  it('list shows which key signs, which will sign, and which are still accepted', async () => {
    await start();
    const { signingKey, refreshKey } = app.services.ring;
    const refresh = [refreshKey.id, 'refresh', 'HS256', 'signs'];
    const rows = async (): Promise<string[][]> =>
      (await run(listKeys)).split('\n').map((line) => line.split(/ {2,}/));
    const head = ['id', 'purpose', 'algorithm', 'state'];
    expect(await rows()).to.deep.equal([head, [signingKey.id, 'access', 'ES256', 'signs'], refresh]);
    await app.services.ring.rotate('access', serviceActor);
    const [, { id } = signingKey] = app.services.ring.listSigningKeys();
    expect(await rows()).to.deep.equal([
      head,
      [signingKey.id, 'access', 'ES256', 'signs, until 2026-11-25T09:11:00.000Z'],
      [id, 'access', 'ES256', 'signs from 2026-11-24T09:06:00.000Z'],
      refresh,
    ]);
    app.clock.advance(360);
    expect(await rows()).to.deep.equal([
      head,
      [signingKey.id, 'access', 'ES256', 'accepted, until 2026-11-25T09:11:00.000Z'],
      [id, 'access', 'ES256', 'signs'],
      refresh,
    ]);
  });

  it('list names the shared secret that signs', async () => {
    await start({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 's'.repeat(32) });
    expect(await run(listKeys)).to.match(/^[\w-]{16} +access +HS256 +signs \(JWT_SECRET_KEY\)$/m);
  });

  it('rotate makes new keys of both kinds, or of one, and prints when they become active', async () => {
    await start();
    expect(await run(rotateKeys)).to.equal(
      `A new access token key is published, and is used from ${inSixMinutes()}.\n` +
        `A new refresh token key is published, and is used from ${new Date(app.clock.now() + 30_000).toISOString()}.`,
    );
    expect(await run(rotateKeys, 'refresh')).to.match(/^A new refresh token key [^\n]*$/);
    expect(app.services.ring.listSigningKeys()).to.have.length(2);
  });

  it('rotate prints what to do if the operator provides the key', async () => {
    await start({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 's'.repeat(32) });
    await expectFault(
      /set a new JWT_SECRET_KEY and move the old one to JWT_PREVIOUS_SECRET_KEYS/,
      rotateKeys,
    );
    expect(await run(rotateKeys, 'refresh')).to.include('refresh token key');
    await app.close();
    await start({ JWT_PRIVATE_KEY: pem });
    await expectFault(/JWT_PRIVATE_KEY. To rotate, set another one/, rotateKeys, 'access');
  });

  it('import imports a file, once', async () => {
    await start();
    writeFileSync(folder.path('own.pem'), pem);
    expect(await run(importKey, folder.path('own.pem'))).to.match(
      new RegExp(`^The key [\\w-]{43} is published, and signs from ${inSixMinutes()}\\.$`),
    );
    expect(await run(importKey, folder.path('own.pem'))).to.equal(
      'This key is the newest on the ring already.',
    );
  });

  it('import prints what is wrong with a file', async () => {
    await start();
    writeFileSync(folder.path('other.pem'), 'x');
    await expectFault(/other\.pem: This is no private key/, importKey, folder.path('other.pem'));
    await expectFault(/none\.pem cannot be read/, importKey, folder.path('none.pem'));
  });

  it('revoke removes a key, and prints which key signs now', async () => {
    await start();
    const { id } = app.services.ring.signingKey;
    const { access_token: token } = await app.login();
    const printed = await run(revokeKey, id);
    expect(printed).to.equal(
      `The key ${id} is removed: its access tokens are revoked, and clients refresh. ${app.services.ring.signingKey.id} signs.`,
    );
    await app.get('/protected', token).expect(401);
    const { id: refreshId } = app.services.ring.refreshKey;
    expect(await run(revokeKey, refreshId)).to.equal(
      `The key ${refreshId} is removed: all sessions end, and users log in again. ${app.services.ring.refreshKey.id} signs.`,
    );
    await expectFault(/There is no key/, revokeKey, id);
  });

  it('secret rotate requires a new secret if there is no secret file', async () => {
    await start();
    await expectFault(/Set LATCHKEY_NEW_SECRET to the new secret/, (services, output) =>
      rotateSecret(services, output, services.config),
    );
    const config = readConfig({ DATABASE_URL: 'postgres://127.0.0.1/x', LATCHKEY_SECRET: 'x'.repeat(32) });
    expect(await catchRejection(rotateSecret(app.services, captureOutput().output, config))).to.be.instanceOf(
      StartError,
    );
  });
});

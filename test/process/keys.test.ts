import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { adminPassword } from '../support/api-client.js';
import { endProcesses, Installation, type Command, type ServiceProcess } from '../support/service-process.js';
import { until } from '../support/until.js';

describe('latchkey keys and secret, beside the running service', () => {
  let installation: Installation;
  let service: ServiceProcess;
  before(async () => {
    installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    service = await installation.start();
  });
  after(endProcesses);

  const published = async (): Promise<string[]> => {
    const { body } = await service.api.get('/.well-known/jwks.json').expect(200);
    return (body.keys as { kid: string }[]).map(({ kid }) => kid);
  };
  const succeed = async (...words: readonly string[]): Promise<Command> => {
    const command = await installation.run(words);
    expect(command).to.include({ exitCode: 0, stderr: '' });
    return command;
  };

  it('the service publishes a new key without a restart', async () => {
    await succeed('keys', 'rotate', 'access');
    await until(async () => (await published()).length === 2);
  });

  it('the service refuses the tokens of a revoked key without a restart', async () => {
    const { access_token: token } = await service.api.login();
    await service.api.get('/protected', token).expect(200);
    const [leaked = ''] = await published();
    await succeed('keys', 'revoke', leaked);
    await until(async () => (await service.api.get('/protected', token)).status === 401);
    expect(await published()).not.to.include(leaked);
    const { access_token: next } = await service.api.login();
    await service.api.get('/protected', next).expect(200);
  });

  it('the secret in the file is replaced, and the old one decrypts nothing', async () => {
    const file = join(installation.folder, 'data/latchkey.db.secret');
    const before = readFileSync(file, 'utf8').trim();
    const { access_token: token } = await service.api.login();
    await succeed('secret', 'rotate');
    expect(readFileSync(file, 'utf8').trim()).not.to.equal(before);
    expect(existsSync(`${file}.new`)).to.be.false;
    await service.api.login();

    await service.end();
    const refused = await installation.with({ LATCHKEY_SECRET: before }).run(['keys', 'list']);
    expect(refused.exitCode).to.equal(1);
    expect(refused.stderr).to.match(/^LATCHKEY_SECRET does not open the keys/);
    service = await installation.start();
    await service.api.get('/protected', token).expect(200);
  });

  it('the secret is replaced by a given one', async () => {
    const secret = 'a secret that the operator has chosen';
    const rotated = await installation.with({ LATCHKEY_NEW_SECRET: secret }).run(['secret', 'rotate']);
    expect(rotated).to.include({ exitCode: 0, stderr: '' });
    await service.end();
    service = await installation.with({ LATCHKEY_SECRET: secret }).start();
    await service.api.login();
  });
});

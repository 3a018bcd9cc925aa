import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { describeSettings } from '../../src/config/settings-in-force.js';
import { settings } from '../../src/config/settings.js';
import { temporaryFolder } from '../support/folders.js';

describe('The settings in force', () => {
  const folder = temporaryFolder();
  const find = (name: string, environment: Record<string, string> = {}) =>
    describeSettings(environment).find((each) => each.name === name);

  it('are all of them, in order', () => {
    expect(describeSettings({}).map(({ name }) => name)).to.deep.equal(
      Object.values(settings).map(({ name }) => name),
    );
  });

  it('come from the environment, or are the default', () => {
    expect(find('PORT')).to.deep.equal({ name: 'PORT', value: '3000', from: 'default' });
    expect(find('PORT', { PORT: '4000' })).to.deep.equal({
      name: 'PORT',
      value: '4000',
      from: 'environment',
    });
    expect(find('PORT', { PORT: '' })).to.include({ value: '3000', from: 'default' });
    expect(find('JWT_PRIVATE_KEY')).to.deep.equal({
      name: 'JWT_PRIVATE_KEY',
      value: undefined,
      otherwise: 'a key is made, and rotated',
      from: 'default',
    });
  });

  it('come from a file of settings, unless the environment says something else', () => {
    const file = folder.path('.env');
    writeFileSync(file, 'PORT=4000\nHOST="::1"\n');
    const from = describeSettings({ PORT: '4000', HOST: '127.0.0.1' }, file)
      .slice(0, 3)
      .map((setting) => setting.from);
    expect(from).to.deep.equal([file, 'environment', 'default']);
    expect(describeSettings({ PORT: '4000' }, folder.path('none'))[0]?.from).to.equal('environment');
  });

  it('show wrong values, which are to be corrected', () => {
    expect(find('PORT', { PORT: 'no number' })).to.include({ value: 'no number' });
  });

  it('show no secret, and which file it comes from', () => {
    const secret = 'a secret that nobody may see, 32 characters';
    writeFileSync(folder.path('secret'), secret);
    const inEnvironment = describeSettings({ LATCHKEY_SECRET: secret, JWT_SECRET_KEY: secret });
    expect(JSON.stringify(inEnvironment)).not.to.include(secret);
    expect(find('LATCHKEY_SECRET', { LATCHKEY_SECRET_FILE: folder.path('secret') })).to.deep.equal({
      name: 'LATCHKEY_SECRET',
      value: '********',
      from: `LATCHKEY_SECRET_FILE (${folder.path('secret')})`,
    });
  });

  it('show which database it is, without its password and parameters', () => {
    for (const [url, shown] of [
      ['sqlite:data/latchkey.db', 'sqlite:data/latchkey.db'],
      [
        'postgresql://user:hunter2@db.example.com:5433/latchkey?password=hunter2&application_name=hunter2',
        'postgres://user:********@db.example.com:5433/latchkey',
      ],
      ['postgres://db.example.com/latchkey', 'postgres://db.example.com/latchkey'],
      ['postgres://hunter2@a,[::1]:5433/latchkey', 'postgres://********@a,[::1]:5433/latchkey'],
      [
        'postgres:///latchkey?host=/run/postgresql&user=x',
        'postgres://********@%2Frun%2Fpostgresql/latchkey',
      ],
      ['postgres://user:hunter2@db.example.com/latchkey#hunter2', '********'],
      ['postgres://user:hun/ter2@db', '********'],
      ['hunter2', '********'],
    ] as const) {
      expect(find('DATABASE_URL', { DATABASE_URL: url })).to.include({ value: shown });
    }
  });
});

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { findSettingWarnings, readConfig, type ConfigError } from '../../src/config/config.js';
import { settings, type Setting } from '../../src/config/settings.js';
import { temporaryFolder } from '../support/folders.js';

const secret = 'a secret of 32 characters or more';

function errorsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    return (error as ConfigError).errors;
  }
}

/** Root may read everything. */
function asNobody<T>(work: () => T): T {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe('A secret setting in a file', () => {
  const folder = temporaryFolder();
  let written = 0;
  /** Writes a file that its owner alone may read. */
  function write(content: string, mode = 0o400): string {
    const file = folder.path(`secret-${(written += 1)}`);
    writeFileSync(file, content);
    chmodSync(file, mode);
    return file;
  }

  it('is read from the file that its variable with _FILE names, for each secret', () => {
    const values: Readonly<Record<string, string>> = {
      DATABASE_URL: 'postgres://user:password@127.0.0.1/latchkey',
      LATCHKEY_SECRET: secret,
      LATCHKEY_NEW_SECRET: secret,
      LATCHKEY_ADMIN_PASSWORD: 'a long password',
      JWT_SECRET_KEY: secret,
      JWT_PREVIOUS_SECRET_KEYS: `${secret},${secret}`,
    };
    const files = Object.entries(values).map(([name, value]) => [`${name}_FILE`, write(value)]);
    const given = readConfig(values);
    expect(readConfig(Object.fromEntries(files) as Record<string, string>)).to.deep.equal(given);
    const secrets = Object.values<Setting<unknown>>(settings).filter((setting) => setting.secret);
    for (const { name } of secrets)
      expect(errorsOf({ [`${name}_FILE`]: '/nowhere' }).join('\n'), name).to.include(
        `${name}_FILE is "/nowhere", but there is no such file.`,
      );
  });

  it('loses the newline at the end of the file, and nothing else', () => {
    const read = (text: string) => readConfig({ LATCHKEY_SECRET_FILE: write(text) }).secret;
    expect(read(`${secret}\n`)).to.equal(secret);
    expect(read(`${secret}\r\n`)).to.equal(secret);
    expect(read(` ${secret} \n\n`)).to.equal(` ${secret} \n`);
  });

  it('counts as set: PostgreSQL needs no LATCHKEY_SECRET beside it', () => {
    const postgres = { DATABASE_URL: 'postgres://127.0.0.1/latchkey' };
    expect(readConfig({ ...postgres, LATCHKEY_SECRET_FILE: write(secret) })).to.include({ secret });
    expect(errorsOf({ ...postgres, LATCHKEY_SECRET_FILE: '/nowhere' })).to.deep.equal([
      'LATCHKEY_SECRET_FILE is "/nowhere", but there is no such file.',
    ]);
  });

  it('is refused beside the variable itself', () => {
    const file = write(secret);
    expect(errorsOf({ LATCHKEY_SECRET_FILE: file, LATCHKEY_SECRET: secret })).to.deep.equal([
      `LATCHKEY_SECRET_FILE is "${file}", but LATCHKEY_SECRET is set, too. Keep one of them.`,
    ]);
    expect(errorsOf({ LATCHKEY_SECRET_FILE: file, LATCHKEY_SECRET: '' })).to.deep.equal([]);
    expect(errorsOf({ LATCHKEY_SECRET_FILE: '', LATCHKEY_SECRET: secret })).to.deep.equal([]);
  });

  it('is refused where the file is empty, or a folder', () => {
    const [empty, nested] = [write('\n'), folder.path('nested')];
    mkdirSync(nested);
    expect(errorsOf({ LATCHKEY_SECRET_FILE: empty })).to.deep.equal([
      `LATCHKEY_SECRET_FILE is "${empty}", but that file is empty.`,
    ]);
    expect(errorsOf({ LATCHKEY_SECRET_FILE: nested })).to.deep.equal([
      `LATCHKEY_SECRET_FILE is "${nested}", but that is a folder.`,
    ]);
  });

  it('is refused where the service’s user may not read it', function () {
    if (process.platform === 'win32') this.skip(); // it has no such modes
    const file = write(secret, 0);
    expect(asNobody(() => errorsOf({ LATCHKEY_SECRET_FILE: file }))).to.deep.equal([
      `LATCHKEY_SECRET_FILE is "${file}", but the service's user may not read that file.`,
    ]);
  });

  it('is named, and not shown, where its value cannot be used', () => {
    const file = write('hunter2');
    expect(errorsOf({ LATCHKEY_SECRET_FILE: file })).to.deep.equal([
      `LATCHKEY_SECRET (in ${file}) must have 32 characters or more.`,
    ]);
  });

  it('is warned of where every user of the machine may read the file', function () {
    if (process.platform === 'win32') this.skip(); // it has no such modes
    const file = write(secret, 0o644);
    expect(findSettingWarnings({ LATCHKEY_SECRET_FILE: write(secret, 0o440) })).to.deep.equal([]);
    expect(findSettingWarnings({ LATCHKEY_SECRET_FILE: file })).to.deep.equal([
      `LATCHKEY_SECRET_FILE is "${file}", which every user of this machine may read. Give it mode 0400, and the service's user as its owner.`,
    ]);
  });
});

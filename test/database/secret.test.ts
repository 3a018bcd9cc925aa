import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { readConfig } from '../../src/config.js';
import { openDatabase, type Database } from '../../src/database/open-database.js';
import { findSecret, SecretError } from '../../src/database/secret.js';
import { keysStore } from '../../src/tokens/keys.store.js';
import { temporaryFolder } from '../support/folders.js';
import { recordTime } from '../support/records.js';

const neverAsked = (): Promise<boolean> => Promise.reject(new Error('There is no rotation to finish.'));

describe('The secret that encrypts the keys', () => {
  const folder = temporaryFolder();
  const given = 'a secret that the operator has chosen';
  let number = 0;
  let databaseFile: string;
  let file: string;
  let database: Database;

  beforeEach(async () => {
    databaseFile = folder.path(`${++number}.db`);
    file = `${databaseFile}.secret`;
    database = openDatabase({ kind: 'sqlite', file: databaseFile });
    await database.migrate();
  });
  afterEach(() => database.close());

  const find = (settings: Record<string, string> = {}): Promise<string> =>
    findSecret(readConfig({ DATABASE_URL: `sqlite:${databaseFile}`, ...settings }), database, neverAsked);

  const addKey = (): Promise<boolean> =>
    keysStore.insert(database.queries, {
      id: 'key',
      purpose: 'refresh',
      algorithm: 'HS256',
      public_key: null,
      sealed_key: 'sealed',
      created_at: recordTime,
      active_at: recordTime,
      retired_at: null,
    });

  async function expectRefusal(...words: readonly string[]): Promise<void> {
    const error = await find().catch((reason: unknown) => reason);
    expect(error).to.be.an.instanceof(SecretError);
    for (const word of words) expect((error as Error).message).to.include(word);
  }

  it('is made once, in a file beside the database that only its owner may read', async () => {
    const secret = await find();
    expect(secret).to.match(/^[\w-]{43}$/);
    expect(readFileSync(file, 'utf8')).to.equal(`${secret}\n`);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(await find()).to.equal(secret);
    await addKey();
    expect(await find()).to.equal(secret);
  });

  it('is the same for all that ask for it first', async () => {
    const secrets = await Promise.all([find(), find(), find()]);
    expect(new Set(secrets)).to.have.property('size', 1);
  });

  it('is what LATCHKEY_SECRET says, whether or not there is a file', async () => {
    expect(await find({ LATCHKEY_SECRET: given })).to.equal(given);
    expect(existsSync(file)).to.be.false;
    await find();
    expect(await find({ LATCHKEY_SECRET: given })).to.equal(given);
  });

  it('is another one for each database in memory, which dies with its keys', async () => {
    const config = readConfig({ DATABASE_URL: 'sqlite::memory:' });
    expect(await findSecret(config, database, neverAsked)).not.to.equal(
      await findSecret(config, database, neverAsked),
    );
  });

  it('is not made anew where keys were encrypted with one that is gone', async () => {
    await find();
    await addKey();
    rmSync(file);
    await expectRefusal(file, 'LATCHKEY_SECRET', 'backup');
    expect(existsSync(file)).to.be.false;
  });

  it('is not taken from a file that was cut off', async () => {
    writeFileSync(file, '');
    await expectRefusal(file, 'cut off', 'LATCHKEY_SECRET');
  });

  it('is made in spite of what a crash has left', async () => {
    writeFileSync(`${file}.unfinished`, 'half a secr');
    const secret = await find();
    expect(readFileSync(file, 'utf8')).to.equal(`${secret}\n`);
    expect(existsSync(`${file}.unfinished`)).to.be.false;
  });

  it('that cannot be read is a fault with the reason', async () => {
    mkdirSync(file);
    await expectRefusal(file, 'EISDIR', 'LATCHKEY_SECRET');
  });

  it('that cannot be written is a fault with the reason', async () => {
    mkdirSync(`${file}.unfinished`);
    await expectRefusal(file, 'EISDIR', 'LATCHKEY_SECRET');
  });
});

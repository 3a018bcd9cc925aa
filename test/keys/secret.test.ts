import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { readConfig } from '../../src/config/config.js';
import type { Database } from '../../src/database/database.js';
import { findSecret, replaceSecretFile, SecretError } from '../../src/keys/secret.js';
import { keysStore } from '../../src/keys/keys.store.js';
import { openTestDatabase } from '../support/databases.js';
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
    database = openTestDatabase({ kind: 'sqlite', file: databaseFile });
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

  it('is not made again where keys were encrypted with one that is gone', async () => {
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

  describe('when it is replaced', () => {
    const read = (): string => readFileSync(file, 'utf8').trim();
    /** What the keys are encrypted with, as far as these tests go. */
    let sealedWith: string;
    const opens = (secret: string): Promise<boolean> => Promise.resolve(secret === sealedWith);
    const start = (): Promise<string> =>
      findSecret(readConfig({ DATABASE_URL: `sqlite:${databaseFile}` }), database, opens);
    const reseal = (makeSecret: () => string): Promise<void> => {
      sealedWith = makeSecret();
      return Promise.resolve();
    };
    beforeEach(async () => {
      sealedWith = await find();
      await addKey();
    });

    it('is another one, in the same file, that only its owner may read', async () => {
      const before = sealedWith;
      await replaceSecretFile(databaseFile, reseal);
      expect(sealedWith)
        .to.match(/^[\w-]{43}$/)
        .and.not.equal(before);
      expect(read()).to.equal(sealedWith);
      expect(statSync(file).mode & 0o777).to.equal(0o600);
      expect(existsSync(`${file}.new`)).to.be.false;
      expect(await start()).to.equal(sealedWith);
    });

    it('is on the disk before anything is encrypted with it', async () => {
      await replaceSecretFile(databaseFile, (makeSecret) => {
        const made = makeSecret();
        expect(readFileSync(`${file}.new`, 'utf8')).to.equal(`${made}\n`);
        sealedWith = made;
        return Promise.resolve();
      });
    });

    it('is not asked for, and nothing is written, where the keys cannot be opened', async () => {
      const failing = (): Promise<void> => Promise.reject(new Error('not our keys'));
      await replaceSecretFile(databaseFile, failing).then(
        () => expect.fail('It did not fail.'),
        () => undefined,
      );
      expect(existsSync(`${file}.new`)).to.be.false;
    });

    it('after a crash before the keys were encrypted is the old one, and the new one goes', async () => {
      writeFileSync(`${file}.new`, `${'n'.repeat(43)}\n`);
      expect(await start()).to.equal(sealedWith);
      expect(existsSync(`${file}.new`)).to.be.false;
    });

    it('after a crash when they were encrypted is the new one', async () => {
      sealedWith = 'n'.repeat(43);
      writeFileSync(`${file}.new`, `${sealedWith}\n`);
      expect(await start()).to.equal(sealedWith);
      expect(read()).to.equal(sealedWith);
      expect(existsSync(`${file}.new`)).to.be.false;
    });

    it('is put in its place once, though a start in between has done so', async () => {
      await replaceSecretFile(databaseFile, async (makeSecret) => {
        await reseal(makeSecret);
        renameSync(`${file}.new`, file);
      });
      expect(read()).to.equal(sealedWith);
    });

    it('is not taken away by a start that meets the replacement half done', async () => {
      let started: Promise<string> | undefined;
      await replaceSecretFile(databaseFile, (makeSecret) =>
        database.withExclusiveLock(async () => {
          const made = makeSecret();
          started = start();
          await new Promise(setImmediate);
          sealedWith = made;
        }),
      );
      expect(await started).to.equal(sealedWith);
      expect(read()).to.equal(sealedWith);
    });
  });
});

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

  it('is created once, in a file beside the database that only its owner may read', async () => {
    const secret = await find();
    expect(secret).to.match(/^[\w-]{43}$/);
    expect(readFileSync(file, 'utf8')).to.equal(`${secret}\n`);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(await find()).to.equal(secret);
    await addKey();
    expect(await find()).to.equal(secret);
  });

  it('is the same for all concurrent starts', async () => {
    const secrets = await Promise.all([find(), find(), find()]);
    expect(new Set(secrets)).to.have.property('size', 1);
  });

  it('is LATCHKEY_SECRET if that is set, whether or not there is a file', async () => {
    expect(await find({ LATCHKEY_SECRET: given })).to.equal(given);
    expect(existsSync(file)).to.be.false;
    await find();
    expect(await find({ LATCHKEY_SECRET: given })).to.equal(given);
  });

  it('is different for each database in memory, whose keys are not stored', async () => {
    const config = readConfig({ DATABASE_URL: 'sqlite::memory:' });
    expect(await findSecret(config, database, neverAsked)).not.to.equal(
      await findSecret(config, database, neverAsked),
    );
  });

  it('is not created again if keys were encrypted with one that is missing', async () => {
    await find();
    await addKey();
    rmSync(file);
    await expectRefusal(file, 'LATCHKEY_SECRET', 'backup');
    expect(existsSync(file)).to.be.false;
  });

  it('is refused if its file is truncated', async () => {
    writeFileSync(file, '');
    await expectRefusal(file, 'cut off', 'LATCHKEY_SECRET');
  });

  it('is created even if a crash has left an unfinished file', async () => {
    writeFileSync(`${file}.unfinished`, 'half a secr');
    const secret = await find();
    expect(readFileSync(file, 'utf8')).to.equal(`${secret}\n`);
    expect(existsSync(`${file}.unfinished`)).to.be.false;
  });

  it('is reported with the reason if it cannot be read', async () => {
    mkdirSync(file);
    await expectRefusal(file, 'EISDIR', 'LATCHKEY_SECRET');
  });

  it('is reported with the reason if it cannot be written', async () => {
    mkdirSync(`${file}.unfinished`);
    await expectRefusal(file, 'EISDIR', 'LATCHKEY_SECRET');
  });

  describe('when it is replaced', () => {
    const read = (): string => readFileSync(file, 'utf8').trim();
    /** The secret that the keys are encrypted with, as far as these tests go. */
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

    it('is a new one, in the same file, which only its owner may read', async () => {
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

    it('is on disk before anything is encrypted with it', async () => {
      await replaceSecretFile(databaseFile, (makeSecret) => {
        const made = makeSecret();
        expect(readFileSync(`${file}.new`, 'utf8')).to.equal(`${made}\n`);
        sealedWith = made;
        return Promise.resolve();
      });
    });

    it('is not made, and nothing is written, if the keys cannot be decrypted', async () => {
      const failing = (): Promise<void> => Promise.reject(new Error('other keys'));
      await replaceSecretFile(databaseFile, failing).then(
        () => expect.fail('It did not fail.'),
        () => undefined,
      );
      expect(existsSync(`${file}.new`)).to.be.false;
      expect(read()).to.equal(sealedWith);
    });

    it('is the old one after a crash before the keys were encrypted, and the new one is deleted', async () => {
      writeFileSync(`${file}.new`, `${'n'.repeat(43)}\n`);
      expect(await start()).to.equal(sealedWith);
      expect(existsSync(`${file}.new`)).to.be.false;
    });

    it('is the new one after a crash when the keys were encrypted', async () => {
      sealedWith = 'n'.repeat(43);
      writeFileSync(`${file}.new`, `${sealedWith}\n`);
      expect(await start()).to.equal(sealedWith);
      expect(read()).to.equal(sealedWith);
      expect(existsSync(`${file}.new`)).to.be.false;
    });

    it('is renamed once, even if a start in between has done so', async () => {
      await replaceSecretFile(databaseFile, async (makeSecret) => {
        await reseal(makeSecret);
        renameSync(`${file}.new`, file);
      });
      expect(read()).to.equal(sealedWith);
    });

    it('is not deleted by a start during the replacement', async () => {
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

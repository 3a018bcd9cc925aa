import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { backupSqlite } from '../../src/database/backup-sqlite.js';
import { temporaryFolder } from '../support/folders.js';
import { catchRejection } from '../support/rejections.js';

describe('A backup of a SQLite file', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => folder.path(name);
  before(() => {
    const database = new DatabaseSync(at('source.db'));
    // More than one step.
    database.exec('create table t (a); insert into t values (zeroblob(9000000))');
    database.close();
  });
  const countBytes = (name: string): unknown => {
    const database = new DatabaseSync(at(name), { readOnly: true });
    try {
      return database.prepare('select length(a) as bytes from t').get()?.['bytes'];
    } finally {
      database.close();
    }
  };

  it('is made by one of several that are to have the same name at once, and the others say that it is there', async () => {
    const all = await Promise.allSettled([1, 2, 3].map(() => backupSqlite(at('source.db'), at('same.db'))));
    const [size, ...others] = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(others).to.deep.equal([]);
    expect(size)
      .to.be.above(9_000_000)
      .and.to.equal(statSync(at('same.db')).size);
    expect(countBytes('same.db')).to.equal(9_000_000);
    expect(statSync(at('same.db')).mode & 0o777).to.equal(0o600);
    for (const each of all)
      if (each.status === 'rejected')
        expect(each.reason)
          .to.have.property('message')
          .that.matches(/already exists/);
    expect(readdirSync(folder.path('.')).filter((name) => name.includes('unfinished'))).to.deep.equal([]);
  });

  it('fails where its file is removed meanwhile, and leaves no file with its name', async () => {
    const removed = backupSqlite(at('source.db'), at('gone.db'), () => {
      for (const name of readdirSync(folder.path('.'))) if (name.startsWith('gone.db.')) rmSync(at(name));
    });
    expect(await catchRejection(removed))
      .to.have.property('message')
      .that.matches(/cannot be made/);
    expect(existsSync(at('gone.db'))).to.equal(false);
  });

  it('does not replace a file that was created meanwhile', async () => {
    const late = backupSqlite(at('source.db'), at('late.db'), () => {
      writeFileSync(at('late.db'), 'of another');
    });
    expect(await catchRejection(late))
      .to.have.property('message')
      .that.matches(/late\.db already exists/);
    expect(readFileSync(at('late.db'), 'utf8')).to.equal('of another');
  });

  it('removes what was left a day ago by one that was killed, and nothing else', async () => {
    const [left, leftLog, recent, ofAnother] = [
      `x.db.unfinished-${randomUUID()}`,
      `x.db.unfinished-${randomUUID()}-wal`,
      `x.db.unfinished-${randomUUID()}`,
      `y.db.unfinished-${randomUUID()}`,
    ];
    const ofOperator = ['x.db.unfinished-1', 'x.db.unfinished-monday.db'];
    for (const name of [left, leftLog, recent, ofAnother, ...ofOperator]) writeFileSync(at(name), '');
    const before = Date.now() / 1000 - 90_000;
    for (const name of [left, leftLog, ofAnother, ...ofOperator]) utimesSync(at(name), before, before);
    await backupSqlite(at('source.db'), at('x.db'));
    expect(readdirSync(folder.path('.')).filter((name) => name.includes('unfinished'))).to.have.members([
      recent,
      ofAnother,
      ...ofOperator,
    ]);
  });
});

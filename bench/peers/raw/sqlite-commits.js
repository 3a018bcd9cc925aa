// The statement that a refresh stands on, on SQLite: so many to a commit. Arguments: statements a commit, seconds, and
// an empty folder.
import { DatabaseSync } from 'node:sqlite';

const [, , perCommit, seconds, folder] = process.argv;
const sessions = 10_000;

const database = new DatabaseSync(`${folder}/sessions.db`);
database.exec(`
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table sessions (
    id integer primary key,
    generation integer not null,
    expires_at integer not null,
    revoked_at integer
  ) strict;
  with recursive ids (id) as (select 1 union all select id + 1 from ids where id < ${sessions})
  insert into sessions select id, 0, 9007199254740991, null from ids;
`);
const rotate = database.prepare(`
  update sessions set generation = generation + 1, expires_at = expires_at - 1
  where id = ? and generation = ? and revoked_at is null and expires_at > ?
  returning id, generation
`);
const generations = new Int32Array(sessions + 1);

const begun = performance.now();
const end = begun + Number(seconds) * 1000;
let operations = 0;
while (performance.now() < end) {
  if (Number(perCommit) > 1) database.exec('begin immediate');
  for (let count = 0; count < Number(perCommit); count += 1) {
    const id = 1 + (operations % sessions);
    const row = rotate.get(id, generations[id], Date.now());
    generations[id] = row.generation;
    operations += 1;
  }
  if (Number(perCommit) > 1) database.exec('commit');
}
console.log(`RESULT ${JSON.stringify({ operations, seconds: (performance.now() - begun) / 1000 })}`);

// The statement that a refresh stands on, on PostgreSQL, through pg. Arguments: a database's URL, how many at a time,
// connections, seconds.
import pg from 'pg';

const [, , url, clients, connections, seconds] = process.argv;
const sessions = 10_000;

const pool = new pg.Pool({ connectionString: url, max: Number(connections) });
await pool.query(`
  drop table if exists bare_sessions;
  create table bare_sessions (
    id text primary key,
    generation bigint not null,
    expires_at bigint not null,
    revoked_at bigint
  );
  insert into bare_sessions select 'session-' || id, 0, 9007199254740991, null from generate_series(0, ${sessions - 1}) id;
`);
const rotate = `
  update bare_sessions set generation = generation + 1, expires_at = expires_at - 1
  where id = $1 and generation = $2 and revoked_at is null and expires_at > $3
  returning id, generation
`;
const generations = new Int32Array(sessions);

const begun = performance.now();
const end = begun + Number(seconds) * 1000;
let operations = 0;

/** Each has sessions of its own. */
async function keepRotating(_, client) {
  for (let turn = 0; performance.now() < end; turn += 1) {
    const index = client + Number(clients) * (turn % Math.floor(sessions / Number(clients)));
    const { rows } = await pool.query(rotate, [`session-${index}`, generations[index], Date.now()]);
    generations[index] = Number(rows[0].generation);
    operations += 1;
  }
}

await Promise.all(Array.from({ length: Number(clients) }, keepRotating));
console.log(`RESULT ${JSON.stringify({ operations, seconds: (performance.now() - begun) / 1000 })}`);
await pool.end();

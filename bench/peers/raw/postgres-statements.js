// The statement that a refresh stands on, on PostgreSQL, through pg, prepared. Arguments: "update" (changes a row, and has
// it returned) or "insert" (adds one, and has it returned), a database's URL, how many at a time, connections, seconds.
import pg from 'pg';

const [, , which, url, clients, connections, seconds] = process.argv;
/** As many as a load of refreshes has: where rows are changed again and again, PostgreSQL does it in place. */
const sessions = 256;
/** Seconds, not counted: connections are opened, statements prepared, code compiled. */
const warmUp = 0.5;

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
const statements = {
  update: `
    update bare_sessions set generation = generation + 1, expires_at = expires_at - 1
    where id = $1 and generation = $2 and revoked_at is null and expires_at > $3
    returning id, generation
  `,
  insert: `
    insert into bare_sessions (id, generation, expires_at) values ($1, $2, $3) returning id, generation
  `,
};
const generations = new Int32Array(sessions);
let inserted = 0;

const work = {
  /** Each client has sessions of its own. */
  update: async (client, turn) => {
    const index = client + Number(clients) * (turn % Math.floor(sessions / Number(clients)));
    const values = [`session-${index}`, generations[index], Date.now()];
    const { rows } = await pool.query({ name: 'update', text: statements.update, values });
    generations[index] = Number(rows[0].generation);
  },
  insert: async () => {
    inserted += 1;
    const values = [`new-${inserted}`, 0, Date.now()];
    const { rows } = await pool.query({ name: 'insert', text: statements.insert, values });
    if (rows.length !== 1) throw new Error('The statement added no row.');
  },
}[which];

/** @returns how many were done, and in how many seconds. */
async function run(duration) {
  const begun = performance.now();
  const end = begun + duration * 1000;
  let operations = 0;
  await Promise.all(
    Array.from({ length: Number(clients) }, async (_, client) => {
      for (let turn = 0; performance.now() < end; turn += 1) {
        await work(client, turn);
        operations += 1;
      }
    }),
  );
  return { operations, seconds: (performance.now() - begun) / 1000 };
}

await run(warmUp);
console.log(`RESULT ${JSON.stringify(await run(Number(seconds)))}`);
await pool.end();

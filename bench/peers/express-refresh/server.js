// A refresh and nothing else: Express, the body read, the HMACs of the old and the new refresh token, one conditional
// UPDATE through the driver that Latchkey uses, and an ES256 signature. The rotation is as safe as Latchkey's: the
// statement is durable before the response is sent. What it leaves out is what a service has beside that: users that
// can be disabled, roles, reuse that ends a session, limits, security headers, problems.
// With DATABASE_URL on PostgreSQL, with POOL connections; else on SQLite in DATA_FOLDER, where the statements of one
// turn of the event loop share a commit. The tokens that it begins with go to the file TOKENS.
import {
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  timingSafeEqual,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import express from 'express';
import pg from 'pg';

const { DATABASE_URL: url, POOL: pool, DATA_FOLDER: folder, TOKENS: file, PORT: port } = process.env;
const sessions = Array.from({ length: Number(process.env.SESSIONS) }, () => randomUUID());
const month = 30 * 86_400_000;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const secret = createSecretKey(randomBytes(32));

const table = `
  create table sessions (id text primary key, generation bigint not null, expires_at bigint not null, revoked_at bigint)
`;

async function openPostgres() {
  const connections = new pg.Pool({ connectionString: url, max: Number(pool) });
  await connections.query(`drop table if exists sessions; ${table}`);
  await connections.query('insert into sessions select unnest($1::text[]), 0, $2, null', [
    sessions,
    Date.now() + month,
  ]);
  const text = `
    update sessions set generation = generation + 1, expires_at = $3
    where id = $1 and generation = $2 and revoked_at is null and expires_at > $4
    returning id, generation
  `;
  return async (id, generation, now) => {
    const values = [id, generation, now + month, now];
    const { rows } = await connections.query({ name: 'rotate', text, values });
    return rows[0];
  };
}

function openSqlite() {
  const database = new DatabaseSync(`${folder}/sessions.db`);
  database.exec(`pragma journal_mode = wal; pragma synchronous = full; ${table}; begin`);
  const insert = database.prepare('insert into sessions values (?, 0, ?, null)');
  for (const id of sessions) insert.run(id, Date.now() + month);
  database.exec('commit');
  const rotate = database.prepare(`
    update sessions set generation = generation + 1, expires_at = ?
    where id = ? and generation = ? and revoked_at is null and expires_at > ?
    returning id, generation
  `);
  let waiting = [];
  const commitAll = () => {
    const jobs = waiting;
    waiting = [];
    database.exec('begin immediate');
    const rows = jobs.map(({ id, generation, now }) => rotate.get(now + month, id, generation, now));
    database.exec('commit');
    jobs.forEach(({ resolve }, index) => resolve(rows[index]));
  };
  return (id, generation, now) =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(commitAll);
      waiting.push({ id, generation, now, resolve });
    });
}

const rotate = url === undefined ? openSqlite() : await openPostgres();

const mac = (text) => createHmac('sha256', secret).update(text).digest();
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'the only one' });

function newRefreshToken(id, generation) {
  const content = `${id}.${generation}`;
  return `${content}.${mac(content).toString('base64url')}`;
}

function newAccessToken(sid, now) {
  const seconds = Math.floor(now / 1000);
  const signed = `${header}.${encode({ sid, jti: randomUUID(), iat: seconds, exp: seconds + 900 })}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** Its session and generation; undefined where this server has not made it. */
function readRefreshToken(token) {
  const [id = '', generation = '', shown = ''] = String(token).split('.');
  const bytes = Buffer.from(shown, 'base64url');
  const own = mac(`${id}.${generation}`);
  if (bytes.length !== own.length || !timingSafeEqual(bytes, own)) return undefined;
  return { id, generation: Number(generation) };
}

writeFileSync(file, sessions.map((id) => `${newRefreshToken(id, 0)}\n`).join(''));

const app = express();
app.disable('etag');
app.disable('x-powered-by');

app.post('/refresh', express.json(), async (request, response) => {
  const shown = readRefreshToken(request.body?.refresh_token);
  const now = Date.now();
  const session = shown && (await rotate(shown.id, shown.generation, now));
  if (!session) {
    response.status(401).json({ message: 'Invalid refresh token' });
    return;
  }
  response.json({
    access_token: newAccessToken(session.id, now),
    refresh_token: newRefreshToken(session.id, session.generation),
    token_type: 'Bearer',
    expires_in: 900,
  });
});

app.listen(Number(port), '127.0.0.1');

// Rotating refresh tokens by hand: Express, jsonwebtoken and SQLite, with a commit for each refresh. The table knows the
// tokens by their hashes. DATA_FOLDER is an empty folder; the tokens that it begins with go to the file TOKENS.
import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import express from 'express';
import jwt from 'jsonwebtoken';

const { DATA_FOLDER: folder, TOKENS: file, SESSIONS: sessions, PORT: port } = process.env;
const month = 30 * 86_400_000;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const newToken = () => randomBytes(32).toString('base64url');
const hashOf = (token) => createHash('sha256').update(token).digest('hex');

const database = new DatabaseSync(`${folder}/refresh.db`);
database.exec(`
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table refresh_tokens (hash text primary key, user_id text not null, expires_at integer not null) strict;
`);
const insert = database.prepare('insert into refresh_tokens values (?, ?, ?)');
const rotate = database.prepare(
  'update refresh_tokens set hash = ?, expires_at = ? where hash = ? and expires_at > ? returning user_id',
);

const tokens = Array.from({ length: Number(sessions) }, newToken);
database.exec('begin');
for (const token of tokens) insert.run(hashOf(token), randomUUID(), Date.now() + month);
database.exec('commit');
writeFileSync(file, tokens.map((token) => `${token}\n`).join(''));

const app = express();
app.disable('etag');
app.disable('x-powered-by');

app.post('/refresh', express.json(), (request, response) => {
  const next = newToken();
  const now = Date.now();
  const row = rotate.get(hashOf(next), now + month, hashOf(String(request.body?.refresh_token)), now);
  if (!row) {
    response.status(401).json({ message: 'Invalid refresh token' });
    return;
  }
  const claims = { sub: row.user_id, jti: randomUUID() };
  response.json({
    access_token: jwt.sign(claims, privateKey, { algorithm: 'ES256', expiresIn: '15m' }),
    refresh_token: next,
    token_type: 'Bearer',
    expires_in: 900,
  });
});

app.listen(Number(port), '127.0.0.1');

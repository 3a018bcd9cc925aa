// What no login on Express can be without: the body read, argon2id on as many threads as there are cores, and an ES256
// signature. It asks no database, counts no attempts, and lets everybody in: what is not refused costs as much.
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import express from 'express';

const { PORT: port } = process.env;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stored = await hash('a long enough password', { memoryCost: 19456, timeCost: 2, parallelism: 1 });

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'the only one' });

let free = availableParallelism();
const waiting = [];

async function check(password) {
  if (free > 0) free -= 1;
  else await new Promise((resolve) => waiting.push(resolve));
  await verify(stored, password);
  const next = waiting.shift();
  if (next) next();
  else free += 1;
}

const app = express();
app.disable('etag');
app.disable('x-powered-by');

app.post('/login', express.json(), async (request, response) => {
  await check(request.body.password);
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: request.body.username, jti: randomUUID(), iat: now, exp: now + 900 };
  const signed = `${header}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  response.json({
    access_token: `${signed}.${signature.toString('base64url')}`,
    refresh_token: randomUUID(),
    token_type: 'Bearer',
    expires_in: 900,
  });
});

app.listen(Number(port), '127.0.0.1');

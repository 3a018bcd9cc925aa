// What no refresh and no login on Express can be without: the body read and an ES256 signature, and the HMACs of the old
// and the new refresh token, or argon2id. It asks no database, counts no attempts, and lets everybody in: what is refused
// costs as much. For refreshes, the tokens that it begins with go to the file TOKENS; for logins, UV_THREADPOOL_SIZE says
// how many passwords are checked at a time.
import { createHmac, createSecretKey, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { hash, verify } from '@node-rs/argon2';
import express from 'express';

const { TOKENS: file, SESSIONS: sessions, PORT: port } = process.env;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const secret = createSecretKey(randomBytes(32));
const stored = await hash('a long enough password', { memoryCost: 19456, timeCost: 2, parallelism: 1 });

const mac = (text) => createHmac('sha256', secret).update(text).digest('base64url');
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'the only one' });

function tokensOf(sub) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub, jti: randomUUID(), iat: now, exp: now + 900 };
  const signed = `${header}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    access_token: `${signed}.${signature.toString('base64url')}`,
    refresh_token: mac(claims.jti),
    token_type: 'Bearer',
    expires_in: 900,
  };
}

if (file) {
  writeFileSync(file, Array.from({ length: Number(sessions) }, () => `${mac(randomUUID())}\n`).join(''));
}

const app = express();
app.disable('etag');
app.disable('x-powered-by');

app.post('/refresh', express.json(), (request, response) => {
  response.json(tokensOf(mac(request.body.refresh_token)));
});

app.post('/login', express.json(), async (request, response) => {
  await verify(stored, request.body.password);
  response.json(tokensOf(request.body.username));
});

app.listen(Number(port), '127.0.0.1');

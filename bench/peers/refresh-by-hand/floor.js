// What no refresh on Express can be without: the body read, an ES256 signature, and the HMACs of the old and the new
// refresh token. It asks no database, and says so to whoever trusts it: nothing is refused, nothing is kept. The tokens
// that it begins with go to the file TOKENS.
import { createHmac, createSecretKey, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import express from 'express';

const { TOKENS: file, SESSIONS: sessions, PORT: port } = process.env;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const secret = createSecretKey(randomBytes(32));

const mac = (text) => createHmac('sha256', secret).update(text).digest('base64url');
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'the only one' });

writeFileSync(file, Array.from({ length: Number(sessions) }, () => `${mac(randomUUID())}\n`).join(''));

const app = express();
app.disable('etag');
app.disable('x-powered-by');

app.post('/refresh', express.json(), (request, response) => {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: mac(request.body.refresh_token), jti: randomUUID(), iat: now, exp: now + 900 };
  const signed = `${header}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  response.json({
    access_token: `${signed}.${signature.toString('base64url')}`,
    refresh_token: mac(claims.jti),
    token_type: 'Bearer',
    expires_in: 900,
  });
});

app.listen(Number(port), '127.0.0.1');

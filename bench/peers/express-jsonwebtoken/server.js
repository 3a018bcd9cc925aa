// Express with jsonwebtoken and a set of revoked token ids, by hand. The argument says how the key is given: "string",
// as tutorials have it, or "prepared": a KeyObject, made once.
import { createPublicKey, createSecretKey } from 'node:crypto';
import express from 'express';
import jwt from 'jsonwebtoken';

const [, , form] = process.argv;
const { ALGORITHM: algorithm, VERIFICATION_KEY: text } = process.env;
const key =
  form === 'string' ? text : algorithm === 'HS256' ? createSecretKey(text, 'utf8') : createPublicKey(text);

const revoked = new Set();
const app = express();

function authenticate(request, response, next) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (scheme !== 'Bearer' || !token) {
    response.status(401).json({ message: 'Missing token' });
    return;
  }
  jwt.verify(token, key, { algorithms: [algorithm] }, (error, claims) => {
    if (error || revoked.has(claims.jti)) {
      response.status(401).json({ message: 'Invalid token' });
      return;
    }
    request.user = claims;
    next();
  });
}

app.get('/protected', authenticate, (request, response) => {
  response.json({ message: 'This is a protected endpoint.' });
});

app.post('/logout', authenticate, (request, response) => {
  revoked.add(request.user.jti);
  response.status(204).end();
});

app.listen(Number(process.env.PORT), '127.0.0.1');

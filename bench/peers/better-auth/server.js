// Express with better-auth. The argument says what a request is checked by: "session", or "jwt": the JWT plugin's
// tokens with jose, as its documentation has it for other services.
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node';
import express from 'express';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { auth } from './auth.js';

const [, , kind] = process.argv;
const app = express();

app.all('/api/auth/{*path}', toNodeHandler(auth));

const keys = createLocalJWKSet(await auth.api.getJwks());

const checks = {
  session: async (request) =>
    (await auth.api.getSession({ headers: fromNodeHeaders(request.headers) }))?.user,
  jwt: async ({ headers }) => {
    const [scheme, token] = (headers.authorization ?? '').split(' ');
    if (scheme !== 'Bearer' || !token) return undefined;
    const { payload } = await jwtVerify(token, keys, {
      issuer: auth.options.baseURL,
      audience: auth.options.baseURL,
    });
    return payload;
  },
};

app.get('/protected', async (request, response) => {
  const user = await checks[kind](request);
  if (!user) {
    response.status(401).json({ message: 'Unauthorized' });
    return;
  }
  response.json({ message: 'This is a protected endpoint.' });
});

app.listen(Number(process.env.PORT), '127.0.0.1');

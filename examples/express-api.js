// An API behind Latchkey, with Express. Its operations are for users who have logged in at Latchkey and have the permission;
// a logout there counts here at once.
//
//   npm install express ./latchkey-guard-0.2.0.tgz   (`npm run pack` in the checkout makes it; import '@latchkey/guard' then)
//   ISSUER=http://127.0.0.1:3000 CLIENT_ID=… CLIENT_SECRET=… node express-api.js
import express from 'express';
import { guard } from 'latchkey/guard';

const { ISSUER, AUDIENCE = ISSUER, CLIENT_ID, CLIENT_SECRET, PORT = '4000' } = process.env;

const latchkey = guard({
  issuer: ISSUER,
  audience: AUDIENCE,
  client: { id: CLIENT_ID, secret: CLIENT_SECRET }, // POST /clients with the scope revocations:read
});

const reports = [{ id: 1, title: 'Visitors in October' }];
const app = express();

app.get('/reports', latchkey.requires('reports:read'), (request, response) => {
  response.json({ reports, caller: latchkey.caller(request).subject });
});

// Sensitive operations require a token from a login in the last few minutes.
app.delete('/reports', latchkey.requires('reports:write', 'fresh:300'), (request, response) => {
  reports.length = 0;
  response.status(204).end();
});

app.get('/health', (request, response) => {
  response.status(latchkey.isCurrent ? 200 : 503).json({ current: latchkey.isCurrent });
});

await latchkey.start();
const server = app.listen(PORT, '127.0.0.1', () => {
  console.log(`The API listens on http://127.0.0.1:${server.address().port}.`);
});

process.once('SIGTERM', async () => {
  server.close();
  await latchkey.close();
});

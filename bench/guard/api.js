// Another service: Express, and a guard. It says when it is ready, and how much its processor has worked.
import express from 'express';
import { guard } from 'latchkey/guard';

const { ISSUER, SERVICE, CLIENT_ID, CLIENT_SECRET } = process.env;
const latchkey = guard({
  issuer: ISSUER,
  audience: ISSUER,
  url: SERVICE,
  client: { id: CLIENT_ID, secret: CLIENT_SECRET },
  whenStale: 'refuse', // so that it is the feed alone that is measured
});
const app = express();
app.get('/', latchkey.requires(), (request, response) => {
  response.json({ caller: latchkey.caller(request).subject });
});
await latchkey.start();
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`ready on port ${server.address().port}.`);
});

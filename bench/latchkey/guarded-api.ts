// Another service, as its builder would write it: Express, and a guard. Environment: PORT, the service's URL as SERVICE,
// its issuer as ISSUER, and a file with the client that the guard is as CLIENT. It listens once the guard knows all.
import { readFileSync } from 'node:fs';
import express from 'express';
import { loadBuilt } from './built.ts';

const { PORT, SERVICE = '', ISSUER = '', CLIENT = '' } = process.env;
const { guard } = await loadBuilt('guard/guard.js');

const latchkey = guard({
  issuer: ISSUER,
  audience: ISSUER,
  url: SERVICE,
  client: JSON.parse(readFileSync(CLIENT, 'utf8')) as { id: string; secret: string },
  whenStale: 'refuse', // so that it is the feed alone that is measured
});
const app = express();
app.get('/', latchkey.requires(), (request, response) => {
  response.json({ caller: latchkey.caller(request).subject });
});
await latchkey.start();
app.listen(Number(PORT), '127.0.0.1');

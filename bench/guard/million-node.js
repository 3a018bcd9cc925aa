// Begins a guard, and prints what that took as JSON.
import { guard } from 'latchkey/guard';

const { ISSUER, SERVICE, CLIENT_ID, CLIENT_SECRET, TOKEN } = process.env;
const memory = () => {
  globalThis.gc();
  return process.memoryUsage().rss / 2 ** 20;
};
const latchkey = guard({
  issuer: ISSUER,
  audience: ISSUER,
  url: SERVICE,
  client: { id: CLIENT_ID, secret: CLIENT_SECRET },
});
const before = memory();
const begun = performance.now();
await latchkey.start();
const seconds = (performance.now() - begun) / 1000;
const mebibytes = memory() - before;

const authorization = `Bearer ${TOKEN}`;
await latchkey.check(authorization);
const rounds = 300_000;
const checking = performance.now();
for (let round = 0; round < rounds; round += 1) await latchkey.check(authorization);
const microseconds = ((performance.now() - checking) / rounds) * 1000;
console.log(JSON.stringify({ seconds, mebibytes, microseconds, held: latchkey.size }));
await latchkey.close();

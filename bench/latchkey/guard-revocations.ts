// Begins a guard in a process that holds nothing else (with --expose-gc), and prints what that took. Environment: SERVICE,
// ISSUER, CLIENT_ID, CLIENT_SECRET, and a value for the Authorization header as AUTHORIZATION.
import { loadBuilt } from './built.ts';

const { SERVICE = '', ISSUER = '', CLIENT_ID = '', CLIENT_SECRET = '', AUTHORIZATION } = process.env;
const { guard } = await loadBuilt('guard/guard.js');
const checks = 300_000;

const latchkey = guard({
  issuer: ISSUER,
  audience: ISSUER,
  url: SERVICE,
  client: { id: CLIENT_ID, secret: CLIENT_SECRET },
});
const before = resident();
const begun = performance.now();
await latchkey.start();
const seconds = (performance.now() - begun) / 1000;
const mebibytes = resident() - before;

await latchkey.check(AUTHORIZATION);
const checking = performance.now();
for (let count = 0; count < checks; count += 1) await latchkey.check(AUTHORIZATION);
const microseconds = ((performance.now() - checking) / checks) * 1000;
console.log(`RESULT ${JSON.stringify({ held: latchkey.size, seconds, mebibytes, microseconds })}`);
await latchkey.close();

function resident(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 2 ** 20;
}

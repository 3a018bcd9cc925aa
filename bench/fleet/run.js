#!/usr/bin/env node
// node bench/fleet/run.js [logout] [revocations] [refresh] [--quick]: what a fleet on PostgreSQL is measured by.
import { build, isStale } from '../../bin/build.js';
import { measureLogouts } from './logout.js';
import { measureRefreshes } from './refresh.js';
import { measureRevocations } from './revocations.js';

const quick = process.argv.includes('--quick');
const measurements = {
  logout: [
    'From logout’s 204 to refusal by another replica, ms (aim: p99 under 50)',
    () => measureLogouts(quick ? { logouts: 50 } : {}),
  ],
  revocations: [
    'A million live revocations (aims: 64 MiB, 1 s, 0.5 µs)',
    () => measureRevocations(quick ? { revocations: 50_000, rounds: 1 } : {}),
  ],
  refresh: [
    'Refreshes with 32 clients beside the bare statement (aim: 0.7)',
    () => measureRefreshes(quick ? { rounds: 1, seconds: 1 } : {}),
  ],
};

const chosen = process.argv.slice(2).filter((word) => word !== '--quick');
const unknown = chosen.find((name) => !Object.hasOwn(measurements, name));
if (unknown !== undefined) {
  console.error(`There is no measurement "${unknown}": ${Object.keys(measurements).join(', ')}.`);
  process.exit(1);
}
if (isStale() && !build()) process.exit(1);
for (const [name, [title, measure]] of Object.entries(measurements)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n${title}`);
  console.table(await measure());
}
process.exit(0);

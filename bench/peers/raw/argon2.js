// Checks a password with argon2id (19 MiB, 2 passes, 1 lane) again and again, as many at a time as there are cores.
// Argument: seconds.
import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';

const [, , seconds] = process.argv;
const password = 'a long enough password';
const stored = await hash(password, { memoryCost: 19456, timeCost: 2, parallelism: 1 });

const begun = performance.now();
const end = begun + Number(seconds) * 1000;
let operations = 0;

async function keepChecking() {
  while (performance.now() < end) {
    if (!(await verify(stored, password))) throw new Error('The password does not fit its own hash.');
    operations += 1;
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, keepChecking));
console.log(`RESULT ${JSON.stringify({ operations, seconds: (performance.now() - begun) / 1000 })}`);

// A worker thread that computes password hashes. hash-threads.ts is its counterpart on the service's thread.
import { constants, getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync, verifySync } from '@node-rs/argon2';
import { computeRest } from './foreign-computations.js';
import { parseForeignHash } from './foreign-hash.js';
import { isOutOfFiles } from '../problems/open-files.js';
import type { FamilyCheck, HashJob, HashRequest, HashResponse, HashResult } from './hash-threads.js';
import { readForeignHash, toExportedHash } from './stored-hash.js';

/** How much nicer than the event loop, which many more requests wait for than for a hash. */
const niceness = 10;

/** On Linux a priority is a thread's; elsewhere it is that of the whole process. */
function yieldToOthers(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Math.min(getPriority() + niceness, constants.priority.PRIORITY_LOW));
  } catch {
    // Sandboxes may forbid it: it buys speed for other requests, and no hash needs it.
  }
}

/** Hashes that are read where a user has none of their kind, because reading one takes a twentieth of a millisecond. */
const dummyHashes = {
  argon2: `$argon2i$v=19$m=8,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  bcrypt: `$2b$04$${'.'.repeat(53)}`,
  pbkdf2: `pbkdf2:sha256:1$salt$${'0'.repeat(64)}`,
  scrypt: `scrypt:2:1:1$salt$${'0'.repeat(128)}`,
};

async function checkFamily({ family, amount, password, passwordHash }: FamilyCheck): Promise<boolean> {
  const [, dummy = ''] = Object.entries(dummyHashes).find(([kind]) => family.startsWith(kind)) ?? [];
  const parsed = parseForeignHash(passwordHash === undefined ? dummy : toExportedHash(passwordHash));
  const own = passwordHash === undefined || 'error' in parsed ? undefined : parsed;
  const matches = own ? await own.verify(password) : false;
  await computeRest(family, amount, own?.amount ?? 0);
  return matches;
}

async function compute(request: HashRequest): Promise<HashResult> {
  switch (request.does) {
    case 'hash':
      return hashSync(request.password, request.costs);
    case 'verify': {
      const { passwordHash, password } = request;
      return readForeignHash(passwordHash)?.verify(password) ?? verifySync(passwordHash, password);
    }
    case 'check family':
      return checkFamily(request);
  }
}

async function respond({ id, ...request }: HashJob): Promise<void> {
  let response: HashResponse;
  try {
    response = { id, result: await compute(request) };
  } catch (error) {
    const thrown: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
    // A library that is loaded for one kind of hash.
    const code = isOutOfFiles(thrown) ? 'EMFILE' : thrown.code;
    response = { id, error: thrown.message, code };
  }
  parentPort?.postMessage(response);
}

yieldToOthers();
let last = Promise.resolve();
parentPort?.on('message', (job: HashJob) => {
  // One after another, also where a library is loaded for one.
  last = last.then(() => respond(job));
});
parentPort?.postMessage('ready' satisfies HashResponse);

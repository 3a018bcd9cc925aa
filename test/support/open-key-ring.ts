import { parentPort, workerData } from 'node:worker_threads';
import { readConfig } from '../../src/config/config.js';
import { KeySealing } from '../../src/keys/key-sealing.js';
import { TestClock } from './clock.js';
import { openTestDatabase } from './databases.js';
import { completeKeyRing } from './key-rings.js';

/** A thread that opens the key ring of a database, like another process, and reports its keys' ids. */
const { url, secret } = workerData as { url: string; secret: string };
const { databaseUrl } = readConfig({ DATABASE_URL: url, LATCHKEY_SECRET: secret });
const database = openTestDatabase(databaseUrl);
const { signingKey, refreshKey } = await completeKeyRing(database, new KeySealing(secret), new TestClock());
await database.close();
parentPort?.postMessage(`${signingKey.id} ${refreshKey.id}`);

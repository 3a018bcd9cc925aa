// Replicas of the service, each a process of its own as `latchkey start` runs it, and requests to them.
import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { freePort } from './database.js';

const launcher = fileURLToPath(new URL('../../bin/latchkey.js', import.meta.url));
const password = 'the password of the benchmarks';

/** Resolves when it is ready. */
export async function startReplica(databaseUrl, settings = {}) {
  const port = await freePort();
  const child = spawn(process.execPath, [launcher, 'start'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      LATCHKEY_SECRET: 'the secret of the benchmarks, long enough',
      LATCHKEY_ISSUER: 'http://latchkey.bench',
      LATCHKEY_ADMIN_PASSWORD: password,
      LATCHKEY_PASSWORD_MEMORY_COST: '8', // logins only prepare what is measured
      LATCHKEY_PASSWORD_TIME_COST: '1',
      LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000000',
      LOG_LEVEL: 'error',
      ...settings,
    },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const replica = {
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
  for (;;) {
    if (child.exitCode !== null) throw new Error('The service ended before it was ready.');
    const { status } = await ask(replica, '/health/ready').catch(() => ({ status: 0 }));
    if (status === 200) return replica;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** @returns {Promise<{status: number, text: string}>} */
export function ask({ port }, path, { token, body } = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        path,
        method: text === undefined ? 'GET' : 'POST',
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(text !== undefined && {
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(text),
          }),
        },
      },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString('utf8') }),
        );
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

/** The same where any other answer than this one is a fault of the measurement. */
export async function expect(status, ...parameters) {
  const answer = await ask(...parameters);
  if (answer.status !== status) {
    throw new Error(`${parameters[1]} answered ${answer.status} instead of ${status}: ${answer.text}`);
  }
  return answer.text === '' ? undefined : JSON.parse(answer.text);
}

/** @returns the tokens of a new session. */
export function login(replica) {
  return expect(200, replica, '/login', { body: { username: 'admin', password } });
}

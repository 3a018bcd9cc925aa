// The service as `latchkey start` runs it, in a folder of its own, and what a measurement asks of it.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));
const administrator = { username: 'admin', password: 'the admin of the benchmark' };
/** One connection for each question at a time, kept. */
const agent = new Agent({ keepAlive: true });

const ends = [];
/** Ends whatever was started, the last first. */
export async function endAll() {
  for (const end of ends.splice(0).reverse()) await end();
}
/** Ends what was started last. */
export async function endLast() {
  await ends.pop()();
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => endAll().finally(() => process.exit(1)));
}

/** What is to be done at the end. */
export function atEnd(work) {
  ends.push(work);
}

/** A folder that goes at the end. */
export function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  chmodSync(folder, 0o755); // PostgreSQL runs as another user where this is root
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A process, in which a line that it prints says that it is ready. */
export async function start(command, words, { env, cwd, readyLine }) {
  const child = spawn(command, words, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  ends.push(async () => {
    child.kill();
    await closed;
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
  while (!printed.includes(readyLine)) {
    if (child.exitCode !== null) throw new Error(`${words.join(' ')} ended: ${printed}`);
    await wait(10);
  }
  return { child, printed: () => printed };
}

/** Starts the service; passwords are cheap, because what they cost is not measured here. */
export async function startService(settings = {}, folder = newFolder()) {
  const port = await freePort();
  const env = {
    PORT: String(port),
    LATCHKEY_ADMIN_PASSWORD: administrator.password,
    LATCHKEY_PASSWORD_MEMORY_COST: '8',
    LATCHKEY_PASSWORD_TIME_COST: '1',
    ...settings,
  };
  const words = [join(checkout, 'bin/latchkey.js'), 'start'];
  await start(process.execPath, words, { env, cwd: folder, readyLine: 'Latchkey listens on' });
  return { url: `http://127.0.0.1:${port}`, folder };
}

/** An answer's status and body. */
export function ask(method, url, { token, body, form } = {}) {
  const content = form ? new URLSearchParams(form).toString() : body && JSON.stringify(body);
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(content && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(content) }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.once('end', () => resolve({ status: response.statusCode, text }));
      response.once('error', reject);
    });
    sent.once('error', (error) => {
      // The server closed an idle connection at the moment when it was to be used again.
      if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(ask(method, url, { token, body, form }));
      else reject(error);
    });
    sent.end(content);
  });
}

/** The body of an answer that must be one of success. */
export async function good(method, url, options) {
  const { status, text } = await ask(method, url, options);
  if (status >= 300) throw new Error(`${method} ${url} answered ${status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

export function logIn(url, user = administrator) {
  return good('POST', `${url}/login`, { body: user });
}

/** A client that may read the feed. */
export async function createClient(url) {
  const { access_token: token } = await logIn(url);
  const body = { client_name: 'Benchmark', scope: 'revocations:read' };
  const client = await good('POST', `${url}/clients`, { token, body });
  return { CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret };
}

/** p50, p99 and the greatest, of numbers. */
export function summary(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}

import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { adminPassword } from '../support/api-client.js';
import { requestClientToken, createClient } from '../support/oauth-clients.js';
import { countDescriptors, ProcessResources } from '../support/process-resources.js';
import { RawConnection } from '../support/raw-connection.js';
import { until } from '../support/until.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

/** How much the process's memory may grow between the first and the third time, in mebibytes. */
const allowance = 64;
const many = 400;

const settings = {
  LATCHKEY_ADMIN_PASSWORD: adminPassword,
  LATCHKEY_REQUEST_TIMEOUT: '1',
  LATCHKEY_KEEP_ALIVE_TIMEOUT: '1',
  LATCHKEY_TRUSTED_PROXIES: 'loopback',
  LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000000',
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000000',
  LATCHKEY_LOGIN_LIMIT: '1000000',
};

describe('Resources after clients have left', function () {
  let service: ServiceProcess;
  let token: string;
  let streamToken: string;
  before(async function () {
    if (!ProcessResources.canBeRead) this.skip();
    service = await (await Installation.make(settings)).start();
    ({ access_token: token } = await service.api.login());
    const client = await createClient(service.api, { scope: 'revocations:read' });
    ({ access_token: streamToken } = await requestClientToken(service.api, client));
  });
  after(endProcesses);

  const connect = (count: number): Promise<RawConnection[]> =>
    Promise.all(Array.from({ length: count }, () => RawConnection.open(service.api.url)));

  /** Opens connections, writes on each, and lets the service close them. */
  async function abandon(count: number, bytes: string): Promise<void> {
    const connections = await connect(count);
    for (const connection of connections) connection.write(bytes);
    for (const connection of connections) await connection.waitForEnd();
    for (const connection of connections) connection.destroy();
  }

  /** Opens connections, writes on each, and closes them when a response has begun. */
  async function leave(count: number, bytes: string): Promise<void> {
    const connections = await connect(count);
    for (const connection of connections) connection.write(bytes);
    for (const connection of connections) await connection.waitForBytes();
    for (const connection of connections) connection.destroy();
  }

  /** Sends requests one after the other on a few connections. */
  async function ask(count: number, requestOf: () => string): Promise<void> {
    for (let asked = 0; asked < count; asked += 50) {
      const [connection] = await connect(1);
      connection?.write(Array.from({ length: 50 }, requestOf).join(''));
      expect(await connection?.readResponses(50)).to.have.length(50);
      connection?.destroy();
    }
  }

  const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;
  const unique = (): string => randomBytes(12).toString('base64url');

  const cases: Readonly<Record<string, () => Promise<void>>> = {
    'silent clients': () => abandon(many, ''),
    'half requests': () => abandon(many, 'GET /protected HTTP/1.1\r\nHost: a\r\nAuth'),
    'half bodies': () =>
      abandon(
        many,
        `POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"a":"${'a'.repeat(50_000)}`,
      ),
    'bodies that are broken off': () =>
      leave(
        many,
        `POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 60000\r\n\r\n{"a":"`,
      ),
    'slow readers': async () => {
      const before = countDescriptors(service);
      const connections = await connect(20);
      for (const connection of connections) connection.write(get('/openapi.json').repeat(100)).stopReading();
      // The kernel buffers some; the rest waits in the service, which closes the connection.
      await until(() => countDescriptors(service) <= before);
      for (const connection of connections) connection.destroy();
    },
    'streams that are opened and left': () =>
      leave(many, get('/revocations/stream', `Authorization: Bearer ${streamToken}\r\n`)),
    'tokens that are all different': () =>
      ask(5000, () => get('/protected', `Authorization: Bearer ${token}${unique()}\r\n`)),
    'addresses that are all different': () =>
      ask(2000, () => {
        const body = JSON.stringify({ username: unique(), password: 'a' });
        const address = [...randomBytes(4)].join('.');
        return `POST /refresh HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${address}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      }),
    'paths that are all different': () => ask(5000, () => get(`/${unique()}?${unique()}=${unique()}`)),
    'request ids that are all different': () =>
      ask(5000, () => get('/health/live', `X-Request-Id: ${unique()}\r\n`)),
  };

  for (const [what, happens] of Object.entries(cases)) {
    it(`are released: ${what}`, async () => {
      await happens();
      const resources = await ProcessResources.of(service);
      await happens();
      await happens();
      await resources.expectBack(allowance);
    });
  }
});

describe('With 200 open files', function () {
  after(endProcesses);

  it('serves others beside 600 silent clients, and releases everything afterwards', async function () {
    if (!ProcessResources.canBeRead) this.skip();
    const service = await (await Installation.make(settings)).start({ openFiles: 200 });
    const resources = await ProcessResources.of(service);
    const silent: RawConnection[] = [];
    for (let count = 0; count < 600; count += 1) {
      silent.push(await RawConnection.open(service.api.url));
      if (count % 50 === 0) {
        await service.api.login();
        await service.api.get('/health/ready').expect(200);
        expect(countDescriptors(service)).to.be.below(200);
      }
    }
    for (const connection of silent) await connection.waitForEnd();
    await resources.expectBack(allowance);
    for (const connection of silent) connection.destroy();
  });
});

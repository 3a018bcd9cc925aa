import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { pino } from 'pino';
import { copy } from '../../src/cli/copy.js';
import { checkDatabase } from '../../src/cli/check-database.js';
import { systemClock } from '../../src/clock.js';
import { ConfigError, readConfig } from '../../src/config/config.js';
import project from '../../src/project.js';
import { openInstallation } from '../../src/server/installation.js';
import { captureOutput } from '../support/command-output.js';
import { reservePort } from '../support/ports.js';
import {
  certificates,
  cutConnections,
  createDatabaseOn,
  PostgresServer,
  queryOn,
} from '../support/postgres-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { TestApp, testSecret } from '../support/test-app.js';
import { until } from '../support/until.js';

/** Each part between two characters with a meaning in URLs is a word that can be searched for. */
const password = `Zebra@Yacht:Xylem/Wharf?Vixen#Umbra%Tulip&Sabre=Raven Quilt'Plume"Ochre\\Nymph`;
const parts = password.match(/[A-Za-z]{5}/g) ?? [];
const encoded = encodeURIComponent(password);

function expectUnsaid(text: string): void {
  const lower = text.toLowerCase();
  for (const part of parts) expect(lower).not.to.include(part.toLowerCase());
  expect(lower).not.to.include(Buffer.from(password).toString('base64').slice(0, 12).toLowerCase());
}

describe('A database’s password is disclosed in no message', () => {
  const user = `leaky_${process.pid}`;
  let server: PostgresServer;
  let url: string;
  let app: TestApp;
  let nonsense: Server;

  /** The tests' database, for a user with that password, with changes. */
  const urlWith = (change: (made: URL) => void = () => undefined, secret = encoded): string => {
    const made = new URL(url);
    made.username = user;
    change(made);
    return made.href.replace(/\/\/[^@]*@/, `//${user}:${secret}@`);
  };
  const withParameter = (name: string, value: string) => (made: URL) => {
    made.searchParams.set(name, value);
  };

  before(async () => {
    // The server that TEST_POSTGRES_URL names may require no password, and have no certificate.
    server = await PostgresServer.start();
    url = await createDatabaseOn(server.url);
    await queryOn(
      url,
      `create role ${user} superuser login password E'${password.replaceAll(/['\\]/g, (each) => `\\${each}`)}'`,
    );
    app = await TestApp.start();
    nonsense = createServer((socket) =>
      socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await new Promise<void>((resolve) => nonsense.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    await app.close();
    nonsense.close();
    await server.remove();
  });

  /** Everything that a start, a check and a copy print and log; each of them fails. */
  async function saidOf(target: string): Promise<string> {
    const environment = {
      DATABASE_URL: target,
      LATCHKEY_SECRET: testSecret,
      LATCHKEY_ISSUER: 'http://latchkey.test',
      LATCHKEY_DATABASE_WAIT: '1s',
    };
    const said: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => said.push(line) });
    const { file } = app.services.config.databaseUrl as { file: string };
    for (const failing of [
      async () =>
        openInstallation(readConfig(environment), systemClock, log, 'http://latchkey.test', project),
      () => checkDatabase(captureOutput().output, environment),
      () => copy({ source: `sqlite:${file}`, target }, captureOutput().output, {}, environment, {}),
      () =>
        copy({ source: `sqlite:${file}`, target }, captureOutput().output, { dryRun: true }, environment, {}),
      // Source and target exchanged.
      () => copy({ source: target, target: `sqlite:${file}` }, captureOutput().output, {}, environment, {}),
    ]) {
      const error = await failing().then(
        () => expect.fail('It did not fail.'),
        (reason: unknown) => reason,
      );
      said.push(
        inspect(error, { depth: 12 }),
        (error as Error).message,
        ...(error instanceof ConfigError ? error.errors : []),
      );
      log.error({ err: error }, 'as the service logs errors');
    }
    return said.join('\n');
  }

  for (const [what, target, says] of [
    ['where nobody listens', async () => urlWith(await portOf(reservePort())), 'ECONNREFUSED'],
    ['where the host is not known', () => urlWith((made) => (made.hostname = 'db.invalid')), 'db.invalid'],
    ['where it is wrong', () => urlWith(undefined, `${encoded}Wrong`), 'password authentication failed'],
    [
      'where the database is not there',
      () => urlWith((made) => (made.pathname = '/nothing')),
      'does not exist',
    ],
    [
      'where the certificate is another’s',
      () =>
        urlWith(
          (made) =>
            (made.search = `sslmode=verify-full&sslrootcert=${join(certificates, 'other-authority.pem')}`),
        ),
      'certificate',
    ],
    [
      'where its file of authorities is not there',
      () => urlWith((made) => (made.search = 'sslmode=verify-full&sslrootcert=/nowhere.pem')),
      'nowhere.pem',
    ],
    [
      'where the server speaks something else',
      () => urlWith((made) => (made.port = String((nonsense.address() as AddressInfo).port))),
      '',
    ],
    [
      'where a setting of its options is refused',
      () => urlWith(withParameter('options', '-c work_mem=nonsense')),
      'work_mem',
    ],
    [
      'where what is sent at the start is refused',
      () => urlWith(withParameter('options', '-B nonsense')),
      '',
    ],
    [
      'where it is written as it is',
      () => `postgres://${user}:${password}@127.0.0.1/latchkey`,
      'DATABASE_URL',
    ],
    [
      'where it is written as it is after the question mark',
      () => `postgres://127.0.0.1/latchkey?user=${user}&password=${password}`,
      'DATABASE_URL',
    ],
    [
      'where its encoding is broken',
      () => `postgres://${user}:${password.replaceAll(/[@:/?#]/g, '')}@127.0.0.1/latchkey`,
      'DATABASE_URL',
    ],
  ] as const) {
    it(what, async () => {
      const said = await saidOf(await target());
      expect(said).to.include(says);
      expectUnsaid(said);
    });
  }

  it('while the database is unreachable, and afterwards', async () => {
    const proxy = await TcpProxy.to(Number(new URL(url).port));
    const through = proxy.urlFor(url).replace(/\/\/[^@]*@/, `//${user}:${encoded}@`);
    const service = await TestApp.start({
      settings: { DATABASE_URL: through, LOG_LEVEL: 'trace' },
    });
    await queryOn(url, `alter role ${user} nologin`);
    await cutConnections(url);
    await until(async () => (await service.get('/health/ready')).status === 503);
    const responses = [
      await service.post('/login', { username: 'admin', password: 'x' }),
      await service.get('/health/ready'),
    ];
    await queryOn(url, `alter role ${user} login`);
    await until(async () => (await service.get('/health/ready')).status === 200);
    await service.login();
    expect(responses.map(({ status }) => status)).to.deep.equal([503, 503]);
    const said = [
      ...responses.map(({ text }) => text),
      ...service.logged.map((line) => JSON.stringify(line)),
    ].join('\n');
    expect(said).to.include('not permitted to log in').and.to.include('works again');
    expectUnsaid(said);
    // With this key anyone can cancel the connection's statements.
    expect(said).not.to.include('secretKey');
    await service.close();
    await proxy.close();
  });
});

async function portOf(port: Promise<number>): Promise<(made: URL) => void> {
  const free = await port;
  return (made) => (made.port = String(free));
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import supertest, { type Test } from 'supertest';
import { createApp } from '../../src/app.js';
import type { AuditEvent } from '../../src/audit/audit.store.js';
import { readConfig } from '../../src/config.js';
import type { Schema } from '../../src/database/schema.js';
import { openInstallation } from '../../src/installation.js';
import { makeFirstAdministrator, type Services } from '../../src/services.js';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import type { User } from '../../src/users/users.models.js';
import { TestClock } from './clock.js';
import { checkAgainstContract } from './contract.js';
import { newDatabaseUrl, newLastingDatabaseUrl, type DatabaseKind } from './databases.js';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'options' | 'head' | 'trace';

type Environment = Readonly<Record<string, string>>;

interface TestAppOptions {
  readonly database?: DatabaseKind;
  /** Environment variables beside the tests' own. */
  readonly settings?: Environment;
  /** The database outlives the app, so that the app can restart on it. */
  readonly lasting?: boolean;
}

export const adminPassword = 'the admin of the tests';

export const testSecret = 'a secret of the tests, long enough';

/** Argon2id at its cheapest: what it costs is not what these tests are about. */
const testSettings = {
  LATCHKEY_SECRET: testSecret,
  LATCHKEY_ADMIN_PASSWORD: adminPassword,
  LATCHKEY_PASSWORD_MEMORY_COST: '8',
  LATCHKEY_PASSWORD_TIME_COST: '1',
  LATCHKEY_ISSUER: 'http://latchkey.test',
};

/** The whole service over HTTP, on a database of its own, with a clock that the test moves. */
export class TestApp {
  private constructor(
    readonly services: Services,
    private readonly server: Server,
    private readonly environment: Environment,
    readonly clock: TestClock,
    /** What was logged, line by line, parsed. */
    readonly logged: readonly Record<string, unknown>[],
    readonly url: string,
  ) {}

  static async start({
    database = 'sqlite',
    settings = {},
    lasting = false,
  }: TestAppOptions = {}): Promise<TestApp> {
    const url = await (lasting ? newLastingDatabaseUrl(database) : newDatabaseUrl(database));
    return TestApp.#start({ DATABASE_URL: url, ...testSettings, ...settings }, new TestClock());
  }

  static async #start(environment: Environment, clock: TestClock): Promise<TestApp> {
    const config = readConfig(environment);
    const logged: Record<string, unknown>[] = [];
    const log = pino(
      { level: config.logLevel },
      { write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>) },
    );
    const services = await openInstallation(config, clock, log, config.issuer ?? '');
    await makeFirstAdministrator(services);
    const server = createServer(createApp(services));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new TestApp(services, server, environment, clock, logged, `http://127.0.0.1:${port}`);
  }

  /** Stops, and starts anew on the same database (a lasting one), at the same time of the same clock. */
  async restart(settings: Environment = {}): Promise<TestApp> {
    await this.close();
    return TestApp.#start({ ...this.environment, ...settings }, this.clock);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.services.database.close();
  }

  /** A request whose answer is checked against the contract. */
  request(method: Method, path: string, accessToken?: string): Test {
    const test = supertest(this.url)
      [method](path)
      .expect((response) => {
        checkAgainstContract(method, path, response);
      });
    return accessToken === undefined ? test : test.set('Authorization', `Bearer ${accessToken}`);
  }

  get(path: string, accessToken?: string): Test {
    return this.request('get', path, accessToken);
  }

  post(path: string, body?: object, accessToken?: string): Test {
    const test = this.request('post', path, accessToken);
    return body === undefined ? test : test.send(body);
  }

  put(path: string, body: object, accessToken?: string): Test {
    return this.request('put', path, accessToken).send(body);
  }

  patch(path: string, body: object, accessToken?: string): Test {
    return this.request('patch', path, accessToken).send(body);
  }

  delete(path: string, accessToken?: string): Test {
    return this.request('delete', path, accessToken);
  }

  /** Logs in, as the administrator unless told otherwise. */
  async login(username = 'admin', password = adminPassword): Promise<TokenSet> {
    const { body } = await this.post('/login', { username, password }).expect(200);
    return body as TokenSet;
  }

  /** Makes a user, by the administrator. */
  async createUser(username: string, password: string, roles: readonly string[] = []): Promise<User> {
    const { access_token: token } = await this.login();
    const { body } = await this.post('/users', { username, password, roles }, token).expect(201);
    return body as User;
  }

  /** Refreshes, and has the successor. */
  async refresh(refreshToken: string): Promise<TokenSet> {
    const { body } = await this.post('/refresh', { refresh_token: refreshToken }).expect(200);
    return body as TokenSet;
  }

  /** What the audit says of an event. */
  audited(event: AuditEvent): Promise<Schema['audit'][]> {
    return this.services.database.queries
      .selectFrom('audit')
      .selectAll()
      .where('event', '=', event)
      .execute();
  }
}

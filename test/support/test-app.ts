import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createApp } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { openInstallation } from '../../src/installation.js';
import { makeFirstAdministrator, type Services } from '../../src/services.js';
import { adminPassword, ApiClient } from './api-client.js';
import { TestClock } from './clock.js';
import { newDatabaseUrl, type DatabaseKind } from './databases.js';

interface TestAppOptions {
  readonly database?: DatabaseKind;
  /** Environment variables beside the tests' own. */
  readonly settings?: Readonly<Record<string, string>>;
}

export { adminPassword };

/** Argon2id at its cheapest: what it costs is not what these tests are about. */
const testSettings = {
  LATCHKEY_SECRET: 'a secret of the tests, long enough',
  LATCHKEY_ADMIN_PASSWORD: adminPassword,
  LATCHKEY_PASSWORD_MEMORY_COST: '8',
  LATCHKEY_PASSWORD_TIME_COST: '1',
  LATCHKEY_ISSUER: 'http://latchkey.test',
};

/** The whole service over HTTP, on a database of its own, with a clock that the test moves. */
export class TestApp extends ApiClient {
  /** What was logged, line by line, parsed. */
  readonly logged: Record<string, unknown>[] = [];
  readonly clock = new TestClock();

  private constructor(
    readonly services: Services,
    private readonly server: Server,
    url: string,
  ) {
    super(url);
  }

  static async start({ database = 'sqlite', settings = {} }: TestAppOptions = {}): Promise<TestApp> {
    const config = readConfig({ DATABASE_URL: await newDatabaseUrl(database), ...testSettings, ...settings });
    const logged: Record<string, unknown>[] = [];
    const log = pino(
      { level: config.logLevel },
      { write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>) },
    );
    const clock = new TestClock();
    const services = await openInstallation(config, clock, log, config.issuer ?? '');
    await makeFirstAdministrator(services);
    const server = createServer(createApp(services));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const app = new TestApp(services, server, `http://127.0.0.1:${port}`);
    return Object.assign(app, { logged, clock });
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.services.database.close();
  }
}

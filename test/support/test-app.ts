import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/server/app.js';
import type { AuditEvent } from '../../src/audit/audit.store.js';
import { readConfig } from '../../src/config/config.js';
import type { Schema } from '../../src/database/schema.js';
import type { Hooks } from '../../src/tokens/hooks.js';
import { createHttpServer } from '../../src/server/http-server.js';
import type { Operation } from '../../src/server/operations.js';
import { collectPermissions } from '../../src/http/security-requirements.js';
import { createLog } from '../../src/server/log.js';
import { listOperations, openProject, type OpenProject } from '../../src/server/open-project.js';
import { openInstallation } from '../../src/server/installation.js';
import repository from '../../src/project.js';
import type { Project } from '../../src/server/project.js';
import { prepareService } from '../../src/server/first-start.js';
import type { Services } from '../../src/server/services.js';
import { adminPassword, ApiClient } from './api-client.js';
import { TestClock } from './clock.js';
import { newDatabaseUrl, type DatabaseKind } from './databases.js';
import { noteClosed, noteOpened } from './opened.js';
import { withOwnOperations } from './own-operations.js';

type Environment = Readonly<Record<string, string>>;

interface TestAppOptions {
  readonly database?: DatabaseKind;
  /** Environment variables beside the tests' own. */
  readonly settings?: Environment;
  readonly clock?: TestClock;
  /** What is built on Latchkey; the repository's own by default. */
  readonly project?: Project;
  /** An API builder's hooks. */
  readonly hooks?: Hooks;
  /** An API builder's operations. */
  readonly ownOperations?: readonly Operation[];
}

type Builders = Pick<TestAppOptions, 'project' | 'hooks' | 'ownOperations'>;

export { adminPassword };

/** Every permission that an operation demands, an API builder's own among them: the administrators have them all. */
export const contractPermissions: readonly string[] = collectPermissions(listOperations(repository)).sort();

export const testSecret = 'a secret of the tests, long enough';

/**
 * Argon2id at its cheapest: what it costs is not what these tests are about. Nor is how long a database may take, which
 * on a machine that has other work is long.
 */
const testSettings = {
  LATCHKEY_DATABASE_CONNECT_TIMEOUT: '30s',
  LATCHKEY_DATABASE_STATEMENT_TIMEOUT: '30s',
  LATCHKEY_REVOCATION_BOUND: '60s',
  LATCHKEY_SECRET: testSecret,
  LATCHKEY_ADMIN_PASSWORD: adminPassword,
  LATCHKEY_PASSWORD_MEMORY_COST: '8',
  LATCHKEY_PASSWORD_TIME_COST: '1',
  LATCHKEY_ISSUER: 'http://latchkey.test',
};

/** The whole service over HTTP, on a database of its own, with a clock that the test moves. */
export class TestApp extends ApiClient {
  private constructor(
    readonly services: Services,
    readonly project: OpenProject,
    private readonly builders: Builders,
    private readonly server: Server,
    private readonly environment: Environment,
    readonly clock: TestClock,
    /** What was logged, line by line, parsed. */
    readonly logged: readonly Record<string, unknown>[],
    url: string,
  ) {
    super(url);
  }

  static async start({
    database = 'sqlite',
    settings = {},
    clock = new TestClock(),
    ...builders
  }: TestAppOptions = {}): Promise<TestApp> {
    const url = await newDatabaseUrl(database);
    return TestApp.#start({ DATABASE_URL: url, ...testSettings, ...settings }, clock, builders);
  }

  static async #start(environment: Environment, clock: TestClock, builders: Builders = {}): Promise<TestApp> {
    const { hooks, ownOperations } = builders;
    const project = { ...repository, ...builders.project, ...(hooks && { hooks }) };
    const config = readConfig(environment);
    const logged: Record<string, unknown>[] = [];
    const log = createLog(config.logLevel, {
      write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
    });
    const services = await openInstallation(config, clock, log, config.issuer ?? '', project);
    await prepareService(services, collectPermissions(listOperations(project)));
    // The tests' own PostgreSQL does not wait for its disk, which a start warns of.
    logged.splice(0, logged.length, ...logged.filter(({ msg }) => !String(msg).includes('fsync')));
    const opened = await openProject(project, services);
    const app = createApp(services, opened);
    const { server, serve } = createHttpServer({ config, log, issuer: () => services.issuer });
    serve(app, ownOperations && withOwnOperations(app, services, ownOperations));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    return noteOpened(new TestApp(services, opened, builders, server, environment, clock, logged, url));
  }

  /** Stops, and starts again on the same database, at the same time of the same clock. */
  async restart(settings: Environment = {}): Promise<TestApp> {
    await this.close();
    return TestApp.#start({ ...this.environment, ...settings }, this.clock, this.builders);
  }

  /** Another process on the same database, without a port. The test closes its database. */
  async openAgain(settings: Environment = {}): Promise<Services> {
    const config = readConfig({ ...this.environment, ...settings });
    const { log, issuer } = this.services;
    const services = await openInstallation(config, this.clock, log, issuer, repository);
    noteOpened(services.database);
    await prepareService(services, contractPermissions);
    return services;
  }

  /** How many connections it has. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.getConnections((error, count) => {
        if (error) reject(error);
        else resolve(count);
      });
    });
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.services.database.close();
    noteClosed(this);
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

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../src/server/app.js';
import type { AuditEvent } from '../../src/audit/audit-events.js';
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
import { createMigratedDatabaseUrl, type DatabaseKind } from './databases.js';
import { noteClosed, noteOpened } from './opened.js';
import { mountOwnOperations } from './own-operations.js';

type Environment = Readonly<Record<string, string>>;

interface TestAppOptions {
  readonly database?: DatabaseKind;
  /** Environment variables in addition to the tests' own. */
  readonly settings?: Environment;
  readonly clock?: TestClock;
  /** The project that is built on Latchkey; the repository's own by default. */
  readonly project?: Project;
  /** Hooks of an API that is built on Latchkey. */
  readonly hooks?: Hooks;
  /** Operations of an API that is built on Latchkey. */
  readonly ownOperations?: readonly Operation[];
}

type Builders = Pick<TestAppOptions, 'project' | 'hooks' | 'ownOperations'>;

export { adminPassword };

/** Every permission that an operation requires, including those of added operations: administrators have them all. */
export const contractPermissions: readonly string[] = collectPermissions(listOperations(repository)).sort();

export const testSecret = 'a secret of the tests, long enough';

/**
 * argon2id at its lowest costs, and long timeouts for the database, which a busy machine needs: these tests are not
 * about either.
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

/** The whole service over HTTP, with its own database and a clock that the test moves. */
export class TestApp extends ApiClient {
  private constructor(
    readonly services: Services,
    readonly project: OpenProject,
    private readonly builders: Builders,
    private readonly server: Server,
    readonly environment: Environment,
    readonly clock: TestClock,
    /** The log, as parsed lines. */
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
    const url = await createMigratedDatabaseUrl(database);
    const text = url.kind === 'sqlite' ? `sqlite:${url.file}` : url.url;
    return TestApp.#start({ DATABASE_URL: text, ...testSettings, ...settings }, clock, builders);
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
    // The tests' own PostgreSQL runs without fsync, of which a start warns.
    logged.splice(0, logged.length, ...logged.filter(({ msg }) => !String(msg).includes('fsync')));
    const opened = await openProject(project, services);
    const app = createApp(services, opened);
    const { server, serve } = createHttpServer({ config, log, issuer: () => services.issuer });
    serve(app, ownOperations && mountOwnOperations(app, services, ownOperations));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    return noteOpened(new TestApp(services, opened, builders, server, environment, clock, logged, url));
  }

  /** Stops, and starts again on the same database, with the same clock. */
  async restart(settings: Environment = {}): Promise<TestApp> {
    await this.close();
    return TestApp.#start({ ...this.environment, ...settings }, this.clock, this.builders);
  }

  /** A replica beside it, on the same database and with the same clock. The test closes it. */
  startReplica(settings: Environment = {}): Promise<TestApp> {
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

  /** Number of open connections. */
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

  /** The audit rows of an event. */
  audited(event: AuditEvent): Promise<Schema['audit'][]> {
    return this.services.database.queries
      .selectFrom('audit')
      .selectAll()
      .where('event', '=', event)
      .execute();
  }
}

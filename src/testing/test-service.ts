import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { operatorContext, serviceActor } from '../audit/actor.js';
import { readConfig } from '../config/config.js';
import type { PublicDatabase } from '../database/public-database.js';
import { collectPermissions } from '../http/security-requirements.js';
import { createApp } from '../server/app.js';
import { prepareService } from '../server/first-start.js';
import { createHttpServer } from '../server/http-server.js';
import { openInstallation } from '../server/installation.js';
import { createLog } from '../server/log.js';
import { listOperations, openProject } from '../server/open-project.js';
import { assertUsable, type Project } from '../server/project.js';
import type { Services } from '../server/services.js';
import { noteClosed, noteOpened } from './closing.js';
import { createDatabase, type DatabaseKind } from './database-server.js';
import { TestClock } from './test-clock.js';
import { testPassword, testSettings } from './test-settings.js';
import { TestUser, type NewTestUser } from './test-user.js';

export interface TestServiceOptions {
  /** SQLite by default; PostgreSQL needs `TEST_POSTGRES_URL`. */
  readonly database?: DatabaseKind;
  /** Environment variables beside the tests' own; those of the process do not count. */
  readonly settings?: Readonly<Record<string, string>>;
  /** One of its own by default. */
  readonly clock?: TestClock;
}

/** A project's service over HTTP, in this process, with a database of its own and a clock that the test moves. */
export class TestService implements AsyncDisposable {
  readonly #services: Services;
  readonly #server: Server;
  readonly #removeDatabase: () => Promise<void>;
  #users = 0;

  private constructor(
    {
      services,
      server,
      removeDatabase,
    }: {
      readonly services: Services;
      readonly server: Server;
      readonly removeDatabase: () => Promise<void>;
    },
    readonly clock: TestClock,
    /** What it has logged, as parsed lines. */
    readonly logged: readonly Readonly<Record<string, unknown>>[],
    /** Such as `http://127.0.0.1:43211`, without a slash at its end. */
    readonly url: string,
  ) {
    this.#services = services;
    this.#server = server;
    this.#removeDatabase = removeDatabase;
  }

  static async start(
    project: Project,
    { database = 'sqlite', settings = {}, clock = new TestClock() }: TestServiceOptions = {},
  ): Promise<TestService> {
    assertUsable(project);
    const { url: databaseUrl, remove } = await createDatabase(database);
    const logged: Record<string, unknown>[] = [];
    try {
      const config = readConfig({ ...testSettings, DATABASE_URL: databaseUrl, ...settings }, 'service');
      const log = createLog(config.logLevel, {
        write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
      });
      const services = await openInstallation(config, clock, log, config.issuer ?? '', project);
      try {
        await prepareService(services, collectPermissions(listOperations(project)));
        const app = createApp(services, await openProject(project, services));
        const { server, serve } = createHttpServer({ config, log, issuer: () => services.issuer });
        serve(app);
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const { port } = server.address() as AddressInfo;
        return noteOpened(
          new TestService(
            { services, server, removeDatabase: remove },
            clock,
            logged,
            `http://127.0.0.1:${port}`,
          ),
        );
      } catch (error) {
        await services.database.close();
        throw error;
      }
    } catch (error) {
      await remove();
      throw error;
    }
  }

  get database(): PublicDatabase {
    return this.#services.database.withTables();
  }

  /** Creates a user with these permissions, who is logged in. */
  async createUser({
    username = `user-${(this.#users += 1)}`,
    permissions = [],
    roles = [],
  }: NewTestUser = {}): Promise<TestUser> {
    const { users, roles: allRoles, logins } = this.#services;
    const own = permissions.length > 0 ? [`of-${username}`] : [];
    for (const name of own) await allRoles.put(name, { description: '', permissions }, serviceActor);
    const { id } = await users.create(
      { username, password: testPassword, roles: [...roles, ...own], oneTime: false },
      serviceActor,
    );
    const tokens = await logins.login(username, testPassword, operatorContext);
    return new TestUser(this.#services, this.clock, id, username, tokens);
  }

  /** Logs a user of this service in once more. */
  async login({ id, username }: Pick<TestUser, 'id' | 'username'>): Promise<TestUser> {
    const tokens = await this.#services.logins.login(username, testPassword, operatorContext);
    return new TestUser(this.#services, this.clock, id, username, tokens);
  }

  async close(): Promise<void> {
    noteClosed(this);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#services.database.close();
    await this.#removeDatabase();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Starts a project's service for tests. The test closes it; what a failed one leaves open, `closeAll` does. */
export function startTestService(project: Project, options?: TestServiceOptions): Promise<TestService> {
  return TestService.start(project, options);
}

import type { Logger } from 'pino';
import { operatorContext } from './audit/audit.store.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import type { Database } from './database/open-database.js';
import { OwnAccountService } from './users/own-account.service.js';
import { RolesService } from './roles/roles.service.js';
import { loginAttemptsStore } from './sessions/login-attempts.store.js';
import { LoginLimiter } from './sessions/login-limiter.js';
import { RequestLimiter } from './sessions/request-limiter.js';
import { SessionsService } from './sessions/sessions.service.js';
import { sessionsStore } from './sessions/sessions.store.js';
import { AccessTokens } from './tokens/access-token.js';
import { KeyRing } from './tokens/key-ring.js';
import { KeySealing } from './tokens/key-sealing.js';
import { Revocations } from './tokens/revocations.js';
import { SubjectVersions } from './tokens/subject-versions.js';
import { Passwords } from './users/passwords.js';
import { oneTimePassword, UsersService } from './users/users.service.js';

/** What the service is built from. */
export interface Foundations {
  readonly config: Config;
  /** Migrated. */
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** What encrypts the keys in the database. */
  readonly secret: string;
  /** The URL that clients know the service by. */
  readonly issuer: string;
  /** Every permission that the contract names. */
  readonly permissions: readonly string[];
}

export interface Services {
  readonly config: Config;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly issuer: string;
  readonly accessTokens: AccessTokens;
  readonly revocations: Revocations;
  readonly sessions: SessionsService;
  readonly users: UsersService;
  readonly ownAccount: OwnAccountService;
  readonly roles: RolesService;
  /** Deletes what has expired. */
  readonly cleanUp: () => Promise<void>;
}

/**
 * The composition root. Opens the key ring, reads the revocations, and makes the built-in role.
 * @throws {KeyRingError} where the secret does not open the keys.
 */
export async function createServices(foundations: Foundations): Promise<Services> {
  const { config, database, clock, log, secret, issuer, permissions } = foundations;
  const ring = await KeyRing.open(database, new KeySealing(secret), clock);
  const accessTokens = new AccessTokens(ring, clock, {
    issuer,
    lifetime: config.accessTokenExpires,
    leeway: config.decodeLeeway,
  });
  const revocations = new Revocations(database, clock);
  const versions = new SubjectVersions(clock, accessTokens);
  const passwords = new Passwords({
    memoryCost: config.passwordMemoryCost,
    timeCost: config.passwordTimeCost,
    parallelism: config.passwordParallelism,
    queue: config.passwordQueue,
  });
  const limiter = new LoginLimiter(database, clock, {
    freeAttempts: config.loginFreeAttempts,
    freeAttemptsPerAddress: config.loginFreeAttemptsPerAddress,
    firstWait: config.loginFirstWait,
    longestWait: config.loginLongestWait,
    memory: config.loginMemory,
    queue: config.passwordQueue,
  });
  const sessions = new SessionsService(
    database,
    clock,
    ring,
    accessTokens,
    revocations,
    passwords,
    limiter,
    (reason, context, userId) => {
      log.warn({ event: 'denied', reason, userId, ...context }, 'login or refresh denied');
    },
    {
      refreshTokenLifetime: config.refreshTokenExpires,
      refreshGrace: config.refreshGrace,
      loginLimit: new RequestLimiter(config.loginLimit),
      refreshLimit: new RequestLimiter(config.refreshLimit),
    },
  );
  const roles = new RolesService(database, clock, versions, revocations);
  await roles.grantAdministrators(permissions);
  await revocations.load();
  return {
    config,
    database,
    clock,
    log,
    issuer,
    accessTokens,
    revocations,
    sessions,
    users: new UsersService(database, clock, passwords, versions, revocations),
    ownAccount: new OwnAccountService(database, clock, passwords, limiter, sessions, versions, revocations),
    roles,
    cleanUp: async () => {
      const now = clock.now();
      await revocations.prune();
      await sessionsStore.deleteExpired(database.queries, now);
      await loginAttemptsStore.deleteExpired(database.queries, now);
    },
  };
}

/** The first administrator, as the operator is told of it. */
export interface FirstAdministrator {
  readonly username: string;
  /** Undefined: the one that was set. */
  readonly oneTimePassword: string | undefined;
}

/** Makes the first administrator where there are no users yet. */
export async function makeFirstAdministrator({
  config,
  users,
}: Services): Promise<FirstAdministrator | undefined> {
  if (await users.hasUsers()) return undefined;
  const generated = config.adminPassword === undefined ? oneTimePassword() : undefined;
  const made = await users.createFirstAdministrator(
    config.adminUsername,
    generated ?? config.adminPassword ?? '',
    generated !== undefined,
    { context: operatorContext },
  );
  return made ? { username: config.adminUsername, oneTimePassword: generated } : undefined;
}

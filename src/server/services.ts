import type { Logger } from 'pino';
import { operatorContext } from '../audit/audit.store.js';
import { ClientsService } from '../clients/clients.service.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { inBatches } from '../database/batches.js';
import type { Feed } from '../revocations/feed.js';
import type { Database } from '../database/open-database.js';
import type { Hooks } from '../hooks.js';
import { RequestLimiter } from '../authentication/request-limiter.js';
import { ClientAuthentication } from '../oauth/client-authentication.js';
import { IntrospectionService } from '../oauth/introspection.service.js';
import { LiveAccessTokens } from '../oauth/live-access-token.js';
import { RevocationService } from '../oauth/revocation.service.js';
import { TokenGrants } from '../oauth/token-grants.service.js';
import { usedAssertionsStore } from '../oauth/used-assertions.store.js';
import { OwnAccountService } from '../authentication/own-account.service.js';
import { RevocationFeed } from '../revocation-stream/revocation-feed.js';
import { finishDeletions } from '../roles/role-holders.js';
import { RolesService } from '../roles/roles.service.js';
import { finishEndings } from '../sessions/ended-sessions.js';
import { loginAttemptsStore } from '../authentication/login-attempts.store.js';
import { LoginLimiter } from '../authentication/login-limiter.js';
import { LoginService } from '../authentication/login.service.js';
import { SessionLimit } from '../sessions/session-limit.js';
import { SessionUses } from '../sessions/session-uses.js';
import { SessionsService, type OnDenied } from '../sessions/sessions.service.js';
import { sessionsStore } from '../sessions/sessions.store.js';
import { TokenSets } from '../sessions/token-sets.js';
import { UserSessionsService } from '../sessions/user-sessions.service.js';
import { StartError } from '../start-error.js';
import { accessTokenOptions, keyRingOptions, refuseNoRoomForAdministrators } from './token-settings.js';
import { AccessTokens } from '../tokens/access-token.js';
import { KeyRing } from '../keys/key-ring.js';
import { KeySealing } from '../keys/key-sealing.js';
import { Revocations } from '../revocations/revocations.js';
import { SubjectVersions } from '../revocations/subject-versions.js';
import { TokenConfirmation } from '../revocations/token-confirmation.js';
import { passwordFault } from '../passwords/password-policy.js';
import { Passwords } from '../passwords/passwords.js';
import { usernameFault } from '../usernames/username-rules.js';
import { UserLists } from '../users/user-lists.service.js';
import { oneTimePassword, UsersService } from '../users/users.service.js';
import { usersStore } from '../users/users.store.js';

/** A session's lifetime where no end is set: 100,000 years, in seconds. */
const endless = 100_000 * 366 * 86_400;

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
  /** Characters that a user's access token may have where it is kept; a token has another limit beside. */
  readonly maxTokenLength: number;
  /** The API builder's own rules. */
  readonly hooks: Hooks;
}

export interface Services {
  readonly config: Config;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly issuer: string;
  readonly hooks: Hooks;
  /** Whether the process has been told to stop: it finishes what it has, and is no longer ready for more. */
  readonly lifecycle: { stopping: boolean };
  readonly ring: KeyRing;
  readonly accessTokens: AccessTokens;
  readonly revocations: Revocations;
  /** How often one address may do it. */
  readonly requestLimits: { readonly login: RequestLimiter; readonly refresh: RequestLimiter };
  /** Whether the revocations in memory are all there are. */
  readonly feed: Feed;
  /** Tells other services what is revoked. */
  readonly revocationFeed: RevocationFeed;
  /** Asks the database about a token, where they may not be. */
  readonly confirmation: TokenConfirmation;
  readonly logins: LoginService;
  readonly passwords: Passwords;
  readonly sessions: SessionsService;
  /** When sessions were last used. */
  readonly sessionUses: SessionUses;
  readonly userSessions: UserSessionsService;
  readonly users: UsersService;
  readonly userLists: UserLists;
  readonly ownAccount: OwnAccountService;
  readonly roles: RolesService;
  readonly clients: ClientsService;
  readonly oauth: OAuthServices;
  /** Deletes what has expired, and rotates keys that are due. */
  readonly cleanUp: () => Promise<void>;
  /** Goes on with what a change has left to be done, where that was interrupted. */
  readonly finishChanges: () => Promise<void>;
  /** Takes over all that other processes wrote: revocations, and keys. */
  readonly catchUp: () => Promise<void>;
}

/** What the OAuth endpoints are made of. */
export interface OAuthServices {
  readonly clients: ClientAuthentication;
  readonly grants: TokenGrants;
  readonly introspection: IntrospectionService;
  readonly revocation: RevocationService;
}

/**
 * The composition root. Opens the key ring; changes nothing.
 * @throws {KeyRingError} where the secret does not open the keys.
 */
export async function createServices(foundations: Foundations): Promise<Services> {
  const { config, database, clock, log, secret, issuer, hooks } = foundations;
  const ring = await KeyRing.open(database, new KeySealing(secret), clock, keyRingOptions(config));
  const accessTokens = new AccessTokens(
    ring,
    clock,
    accessTokenOptions(config, issuer, hooks, foundations.maxTokenLength),
  );
  const revocations = new Revocations(database, clock);
  const catchUp = async (): Promise<void> => {
    await revocations.readAll();
    await ring.reload();
  };
  const feed = database.feed({
    readAll: catchUp,
    revoked: (rows) => {
      revocations.apply(rows);
    },
    keysChanged: () => ring.reload(),
  });
  const confirmation = new TokenConfirmation(database, feed, revocations, ring);
  const liveTokens = new LiveAccessTokens(accessTokens, revocations, confirmation);
  const versions = new SubjectVersions(clock);
  const passwords = new Passwords({
    memoryCost: config.passwordMemoryCost,
    timeCost: config.passwordTimeCost,
    parallelism: config.passwordParallelism,
    queue: config.passwordQueue,
  });
  const readPasswordCosts = async (): Promise<void> => {
    passwords.setCostsInUse(await usersStore.passwordCosts(database.queries));
  };
  await readPasswordCosts();
  if (passwords.costsInUse > 1) {
    log.info(
      { costs: passwords.costsInUse },
      'some passwords are hashed with earlier costs: until their users have logged in, each login computes a hash of each, so that its time tells nobody whose is which',
    );
  }
  const limiter = new LoginLimiter(database, clock, {
    freeAttempts: config.loginFreeAttempts,
    freeAttemptsPerAddress: config.loginFreeAttemptsPerAddress,
    freeAttemptsPerSite: config.loginFreeAttemptsPerSite,
    firstWait: config.loginFirstWait,
    longestWait: config.loginLongestWait,
    memory: config.loginMemory,
    queue: config.passwordQueue,
  });
  const sessionLifetime = config.sessionLifetime || endless;
  const sessionUses = new SessionUses(database, clock);
  const denied: OnDenied = (reason, context, userId) => {
    log.warn({ event: 'denied', reason, userId, ...context }, 'login or refresh denied');
  };
  const tokenSets = new TokenSets(clock, ring, accessTokens, sessionLifetime);
  const logins = new LoginService(
    database,
    clock,
    ring,
    accessTokens,
    revocations,
    passwords,
    limiter,
    denied,
    tokenSets,
    {
      refreshTokenLifetime: config.refreshTokenExpires,
      sessionLifetime,
      sessionLimit: new SessionLimit(clock, { most: config.sessionLimit, sessionLifetime }),
    },
  );
  const sessions = new SessionsService(
    database,
    clock,
    ring,
    accessTokens,
    revocations,
    feed,
    denied,
    tokenSets,
    {
      refreshTokenLifetime: config.refreshTokenExpires,
      sessionLifetime,
      refreshGrace: config.refreshGrace,
    },
  );
  const finishChanges = async (): Promise<void> => {
    await finishDeletions(database);
    await finishEndings(database, clock, revocations);
  };
  const roles = new RolesService(database, clock, versions, revocations, accessTokens);
  return {
    config,
    database,
    clock,
    log,
    issuer,
    hooks,
    lifecycle: { stopping: false },
    ring,
    accessTokens,
    revocations,
    requestLimits: {
      login: new RequestLimiter(config.loginLimit, (context) => {
        denied('rate_limited', context);
      }),
      refresh: new RequestLimiter(config.refreshLimit),
    },
    feed,
    revocationFeed: new RevocationFeed(database, clock, revocations, feed, {
      issuer,
      mostReaders: config.revocationStreams,
      keyRemovals: () => ring.removals,
      mostReadersPerSubject: config.revocationStreamsPerClient,
      leeway: config.decodeLeeway,
    }),
    confirmation,
    logins,
    passwords,
    sessions,
    sessionUses,
    userSessions: new UserSessionsService(database, clock, versions, revocations, sessionUses, {
      sessionLifetime,
    }),
    userLists: new UserLists(database),
    users: new UsersService(
      database,
      clock,
      passwords,
      versions,
      revocations,
      accessTokens,
      config.usernames,
      { lifetime: config.oneTimePasswordExpires, byDefault: config.oneTimePasswords },
    ),
    ownAccount: new OwnAccountService(database, clock, passwords, limiter, sessions, versions, revocations),
    roles,
    clients: new ClientsService(database, clock, versions, revocations, accessTokens),
    oauth: {
      clients: new ClientAuthentication(
        database,
        clock,
        limiter,
        (reason, context, clientId, refusedKeys) => {
          log.warn(
            { event: 'denied', reason, clientId, ...(refusedKeys && { refusedKeys }), ...context },
            'client authentication denied',
          );
        },
        { audience: { issuer, form: config.clientAssertionAudience }, leeway: config.decodeLeeway },
      ),
      grants: new TokenGrants(sessions, accessTokens),
      introspection: new IntrospectionService(database, sessions, liveTokens, hooks, {
        issuer,
        scheme: accessTokens.scheme,
      }),
      revocation: new RevocationService(
        database,
        clock,
        ring,
        sessions,
        accessTokens,
        revocations,
        liveTokens,
      ),
    },
    catchUp,
    cleanUp: async () => {
      const now = clock.now();
      await ring.deleteRetired();
      await ring.rotateIfDue();
      await revocations.prune();
      for (const store of [sessionsStore, loginAttemptsStore, usedAssertionsStore]) {
        await inBatches(database, (queries, limit) => store.deleteExpired(queries, now, limit));
      }
      await finishChanges();
      await readPasswordCosts();
    },
    finishChanges,
  };
}

/**
 * Begins to take over what other processes write, and makes what a start of the service finds missing: keys, the administrators' role with every permission that the
 * contract names, and the first administrator.
 */
export async function prepareService(
  services: Services,
  permissions: readonly string[],
): Promise<FirstAdministrator | undefined> {
  await services.feed.start();
  for (const error of services.ring.refusedKeys) services.log.warn({ event: 'key_refused' }, error);
  await services.ring.complete();
  refuseNoRoomForAdministrators(services.accessTokens, services.config, permissions);
  await services.roles.grantAdministrators(permissions);
  return makeFirstAdministrator(services);
}

/** The first administrator, as the operator is told of it. */
export interface FirstAdministrator {
  readonly username: string;
  /** Undefined: the one that was set. */
  readonly oneTimePassword: string | undefined;
}

/**
 * Makes the first administrator where there are no users yet.
 * @throws {StartError} where the password that is set will not do.
 */
async function makeFirstAdministrator({ config, users }: Services): Promise<FirstAdministrator | undefined> {
  if (await users.hasUsers()) return undefined;
  const { adminUsername: username, adminPassword: given } = config;
  const nameFault = usernameFault(username, config.usernames);
  if (nameFault !== undefined)
    throw new StartError(`LATCHKEY_ADMIN_USERNAME ${nameFault}. Choose another one.`);
  const fault = given === undefined ? undefined : await passwordFault(given, username);
  if (fault !== undefined) throw new StartError(`LATCHKEY_ADMIN_PASSWORD ${fault}. Choose another one.`);
  const password = given ?? oneTimePassword();
  const made = await users.createFirstAdministrator(username, password, given === undefined, {
    context: operatorContext,
  });
  return made ? { username, oneTimePassword: given === undefined ? password : undefined } : undefined;
}

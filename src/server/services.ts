import type { Logger } from 'pino';
import { createAccountServices, type AccountServices } from '../accounts/account-services.js';
import { createAuditFeedServices, type AuditFeedServices } from '../audit-feed/audit-feed-services.js';
import {
  createAuthenticationServices,
  type AuthenticationServices,
} from '../authentication/authentication-services.js';
import { ClientsService } from '../clients/clients.service.js';
import { createConfiguredLegacyTokens } from './legacy-token-settings.js';
import type { LegacyTokens } from '../authentication/legacy-tokens.js';
import { PresentedTokensService } from '../authentication/presented-tokens.service.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Contract } from '../contract/read-contract.js';
import type { Database } from '../database/database.js';
import { createEmailServices, type EmailServices } from '../email/email-services.js';
import { KeyRing } from '../keys/key-ring.js';
import { KeySealing } from '../keys/key-sealing.js';
import { createOAuthServices, type OAuthServices } from '../oauth/oauth-services.js';
import type { Passwords } from '../passwords/passwords.js';
import type { ProblemKinds } from '../problems/problem-codes.js';
import {
  createDenialTally,
  createObservabilityServices,
  type ObservabilityServices,
} from '../observability/observability-services.js';
import { RevocationFeed } from '../revocation-stream/revocation-feed.js';
import { createPasskeyServices, type PasskeyServices } from '../passkeys/passkey-services.js';
import { createRevocationServices, type RevocationServices } from '../revocations/revocation-services.js';
import { RolesService } from '../roles/roles.service.js';
import {
  createSecondFactorServices,
  type SecondFactorServices,
} from '../second-factors/second-factor-services.js';
import type { OnDenied } from '../sessions/denials.js';
import { removeDeletedUser } from '../sessions/end-user-sessions.js';
import { createIssuedTokens } from '../sessions/issued-tokens.js';
import { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import { createSessionServices, type SessionServices } from '../sessions/session-services.js';
import { AccessTokens } from '../tokens/access-token.js';
import type { Hooks } from '../tokens/hooks.js';
import { createUserServices, type UserServices } from '../users/user-services.js';
import { countDenial, createAuditServices, type AuditServices } from './audit-services.js';
import { createHousekeeping, type Housekeeping } from './housekeeping.js';
import { packageVersion } from './package-version.js';
import { createPasswords } from './password-costs.js';
import { createPasswordServices, type PasswordServices } from './password-services.js';
import { Readiness } from './readiness.js';
import { toAccessTokenOptions, toKeyRingOptions } from './token-settings.js';

/** The lifetime of sessions without a limit: 100,000 years in seconds. */
const unlimitedLifetime = 100_000 * 366 * 86_400;

export interface Dependencies {
  readonly config: Config;
  /** With all migrations applied. */
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Encrypts the keys in the database. */
  readonly secret: string;
  /** The issuer URL. */
  readonly issuer: string;
  /** The maximum length of a user's access token in its location, in characters. */
  readonly maxTokenLength: number;
  /** The hooks of the API builder. */
  readonly hooks: Hooks;
  /** Of Latchkey's operations and the project's. */
  readonly contract: Contract;
  /** Latchkey's kinds of problems and the project's. */
  readonly problems: ProblemKinds;
}

/** All services. A controller declares those that it uses. */
export interface Services
  extends
    Omit<Dependencies, 'secret' | 'maxTokenLength'>,
    Omit<RevocationServices, 'versions'>,
    SessionServices,
    AccountServices,
    Omit<AuthenticationServices, 'limiter'>,
    SecondFactorServices,
    UserServices,
    PasskeyServices,
    AuditServices,
    AuditFeedServices,
    PasswordServices,
    EmailServices,
    ObservabilityServices,
    Housekeeping {
  /** `stopping`: the process has been told to stop, and is no longer ready. */
  readonly lifecycle: { stopping: boolean };
  /** Whether it can handle requests, and since when not. */
  readonly readiness: Readiness;
  readonly ring: KeyRing;
  readonly accessTokens: AccessTokens;
  /** Streams revocations to other services. */
  readonly revocationFeed: RevocationFeed;
  readonly passwords: Passwords;
  /** Undefined where the settings accept no tokens of another application. */
  readonly legacyTokens: LegacyTokens | undefined;
  readonly presentedTokens: PresentedTokensService;
  readonly roles: RolesService;
  readonly clients: ClientsService;
  readonly secondFactorPolicy: SecondFactorPolicy;
  readonly oauth: OAuthServices;
}

/**
 * The composition root. Reads the key ring, but writes nothing.
 * @throws {KeyRingError} where the secret does not open the keys.
 */
export async function createServices(dependencies: Dependencies): Promise<Services> {
  const { config, database, clock, log, secret, issuer, hooks, contract, problems } = dependencies;
  const sealing = new KeySealing(secret);
  const ring = await KeyRing.open(
    database,
    sealing,
    clock,
    createIssuedTokens(clock),
    toKeyRingOptions(config),
  );
  const accessTokens = new AccessTokens(
    ring,
    clock,
    toAccessTokenOptions(config, issuer, hooks, dependencies.maxTokenLength),
  );
  const revocationServices = createRevocationServices(
    { database, clock, log, ring },
    {
      bound: config.revocationBound * 1000,
      // The request itself has statements to wait for after this one.
      confirmationTimeout: config.databaseStatementTimeout * 500,
    },
  );
  const { revocations, feed, confirmation, versions } = revocationServices;
  const passwords = await createPasswords(dependencies);
  const email = await createEmailServices(
    { database, clock, log, sealing },
    {
      smtp: config.smtpUrl,
      from: config.mailFrom,
      language: config.mailLanguage,
      templates: config.mailTemplates,
      appUrl: config.appUrl ?? issuer,
    },
  );
  const { outbox, notices } = email;
  const passwordServices = createPasswordServices({ config, log, issuer, passwords, notices });
  const { newPasswords, breaches, passwordStrength } = passwordServices;
  const audit = createAuditServices({ database, clock, log, ring, config });
  const denials = createDenialTally();
  const onDenied: OnDenied = (reason, context, userId) => {
    denials.add(reason);
    countDenial(audit.auditCounts, reason, context, userId);
    log.warn({ event: 'denied', reason, userId, ...context }, 'login or refresh denied');
  };
  const sessionLifetime = config.sessionLifetime || unlimitedLifetime;
  const secondFactorPolicy = new SecondFactorPolicy(config.secondFactor);
  const sessions = createSessionServices(
    { database, clock, ring, accessTokens, revocations, versions, feed, onDenied, secondFactorPolicy },
    {
      refreshTokenLifetime: config.refreshTokenExpires,
      refreshGrace: config.refreshGrace,
      sessionLifetime,
      sessionLimit: config.sessionLimit,
    },
  );
  const secondFactors = createSecondFactorServices(
    { database, clock, sealing, notices, ...sessions },
    config,
    issuer,
  );
  const authentication = createAuthenticationServices(
    {
      ...{ database, clock, passwords, newPasswords, accessTokens, revocations, versions, onDenied, notices },
      ...sessions,
      ...secondFactors,
      secondFactorPolicy,
    },
    config,
  );
  const users = createUserServices(
    { database, clock, newPasswords, outbox, versions, accessTokens },
    {
      usernames: config.usernames,
      oneTime: { lifetime: config.oneTimePasswordExpires, byDefault: config.oneTimePasswords },
      removeDeleted: async (id) => {
        await tellDeleted(hooks, id, log);
        await removeDeletedUser(database, id);
      },
    },
  );
  const { limiter } = authentication;
  const legacyTokens = createConfiguredLegacyTokens(
    {
      ...{ database, clock, revocations, versions, secondFactorPolicy },
      sessions: sessions.sessions,
      starter: sessions.sessionStarter,
    },
    config,
    issuer,
  );
  const presentedTokens = new PresentedTokensService(sessions.sessions, legacyTokens);
  const oauth = createOAuthServices(
    {
      ...{ database, clock, log, hooks, ring, accessTokens, revocations, confirmation, limiter },
      ...{ presentedTokens, legacyTokens },
      ...sessions,
      ...audit,
    },
    { issuer, assertionAudience: config.clientAssertionAudience, leeway: config.decodeLeeway },
  );
  const revocationFeed = new RevocationFeed(database, clock, revocations, feed, {
    issuer,
    maxReaders: config.revocationStreams,
    keyRemovals: () => ring.removals,
    maxReadersPerSubject: config.revocationStreamsPerClient,
    leeway: config.decodeLeeway,
  });
  const lifecycle = { stopping: false };
  const readiness = new Readiness({ database, feed, lifecycle, clock });
  const auditFeed = createAuditFeedServices(
    { database, clock, log, revocations, version: packageVersion },
    config,
  );
  const accounts = createAccountServices(
    {
      ...{ database, clock, log, hooks, outbox, notices, versions, onDenied, users: users.users },
      ...passwordServices,
      ...authentication,
    },
    config,
    issuer,
  );
  return {
    legacyTokens,
    presentedTokens,
    config,
    database,
    clock,
    log,
    issuer,
    hooks,
    contract,
    problems,
    lifecycle,
    readiness,
    ring,
    accessTokens,
    ...revocationServices,
    revocationFeed,
    passwords,
    ...passwordServices,
    ...sessions,
    ...authentication,
    ...secondFactors,
    secondFactorPolicy,
    ...users,
    ...createPasskeyServices(
      { database, clock, log, onDenied, notices, secondFactorPolicy, ...authentication, ...sessions },
      config,
      issuer,
    ),
    roles: new RolesService(database, clock, versions, accessTokens),
    clients: new ClientsService(database, clock, versions, accessTokens),
    ...accounts,
    oauth,
    ...audit,
    ...auditFeed,
    ...email,
    ...createObservabilityServices({
      version: packageVersion,
      ...{ database, clock, ring, accessTokens, revocations, feed, confirmation, revocationFeed },
      ...{ passwords, breaches, passwordStrength },
      outboxWorker: email.outboxWorker,
      registration: accounts.registration,
      ...{ logins: authentication.loginCompletion, sessions: sessions.sessions, denials, readiness },
      auditOutputs: auditFeed.auditOutputs,
    }),
    ...createHousekeeping({ database, clock, log, ring, revocations, passwords, ...audit, ...auditFeed }),
  };
}

/** The account is gone already, whatever the hook does. */
async function tellDeleted({ accountDeleted }: Hooks, id: string, log: Logger): Promise<void> {
  try {
    await accountDeleted?.({ id });
  } catch (err) {
    log.error({ event: 'hook_failed', hook: 'accountDeleted', userId: id, err }, 'a hook failed');
  }
}

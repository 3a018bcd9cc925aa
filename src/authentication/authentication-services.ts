import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import type { Passwords } from '../passwords/passwords.js';
import type { Revocations } from '../revocations/revocations.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import type { DevicesService } from '../second-factors/devices.service.js';
import type { OnDenied } from '../sessions/denials.js';
import type { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import type { SessionStarter } from '../sessions/session-starter.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import type { AccessTokens } from '../tokens/access-token.js';
import { CookieLogoutService } from './cookie-logout.service.js';
import { LoginCompletion } from './login-completion.js';
import { LoginLimiter } from './login-limiter.js';
import { LoginPlaces } from './login-places.js';
import { LoginUsers } from './login-users.js';
import { LoginService } from './login.service.js';
import { OwnAccountService } from './own-account.service.js';
import { PasswordConfirmation } from './password-confirmation.js';
import { RequestLimiter } from './request-limiter.js';
import type { RequestLimits } from './request-limits.js';
import { SecondFactorLoginService } from './second-factor-login.service.js';

export interface AuthenticationServices {
  readonly cookieLogouts: CookieLogoutService;
  readonly limiter: LoginLimiter;
  readonly loginCompletion: LoginCompletion;
  readonly logins: LoginService;
  readonly loginUsers: LoginUsers;
  readonly ownAccount: OwnAccountService;
  readonly requestLimits: RequestLimits;
  readonly secondFactorLogins: SecondFactorLoginService;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly passwords: Passwords;
  readonly newPasswords: NewPasswords;
  readonly accessTokens: AccessTokens;
  readonly revocations: Revocations;
  readonly versions: SubjectVersions;
  readonly onDenied: OnDenied;
  readonly sessions: SessionsService;
  readonly sessionStarter: SessionStarter;
  readonly secondFactorPolicy: SecondFactorPolicy;
  readonly devices: DevicesService;
  readonly notices: SafetyNotices;
}

export function createAuthenticationServices(
  {
    database,
    clock,
    passwords,
    newPasswords,
    accessTokens,
    revocations,
    versions,
    onDenied,
    sessions,
    sessionStarter,
    secondFactorPolicy,
    devices,
    notices,
  }: Dependencies,
  config: Config,
): AuthenticationServices {
  const limiter = new LoginLimiter(database, clock, {
    freeAttempts: config.loginFreeAttempts,
    freeAttemptsPerAddress: config.loginFreeAttemptsPerAddress,
    freeAttemptsPerSite: config.loginFreeAttemptsPerSite,
    firstWait: config.loginFirstWait,
    maxWait: config.loginLongestWait,
    memory: config.loginMemory,
    queue: config.passwordQueue,
  });
  const users = new LoginUsers(database, config.emailLocalPart);
  const places = new LoginPlaces(database, clock, sessionStarter, notices, config.newLoginMessages);
  const completion = new LoginCompletion(database, clock, places, secondFactorPolicy, devices);
  const proof = new PasswordConfirmation(database, passwords, newPasswords, limiter);
  return {
    cookieLogouts: new CookieLogoutService(accessTokens, revocations, sessions),
    limiter,
    logins: new LoginService(users, passwords, limiter, completion, onDenied),
    loginUsers: users,
    loginCompletion: completion,
    ownAccount: new OwnAccountService(database, clock, proof, sessions, versions),
    secondFactorLogins: new SecondFactorLoginService({
      database,
      clock,
      limiter,
      completion,
      devices,
      onDenied,
    }),
    requestLimits: {
      login: new RequestLimiter(clock, config.loginLimit, (context) => {
        onDenied('rate_limited', context);
      }),
      refresh: new RequestLimiter(clock, config.refreshLimit),
      passwordCheck: new RequestLimiter(clock, config.passwordCheckLimit),
      recovery: new RequestLimiter(clock, config.recoveryLimit),
      registration: new RequestLimiter(clock, config.registrationLimit),
    },
  };
}

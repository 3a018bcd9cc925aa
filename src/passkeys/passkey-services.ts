import type { Logger } from 'pino';
import type { LoginCompletion } from '../authentication/login-completion.js';
import type { LoginUsers } from '../authentication/login-users.js';
import type { SecondFactorLoginService } from '../authentication/second-factor-login.service.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import type { OnDenied } from '../sessions/denials.js';
import type { SecondFactorPolicy } from '../sessions/second-factor-policy.js';
import type { SessionsService } from '../sessions/sessions.service.js';
import { PasskeyChallenges } from './passkey-challenges.js';
import { PasskeyLoginService } from './passkey-login.service.js';
import { PasskeysService } from './passkeys.service.js';
import { createRelyingParty } from './relying-party.js';

export interface PasskeyServices {
  readonly passkeys: PasskeysService;
  readonly passkeyLogins: PasskeyLoginService;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly loginCompletion: LoginCompletion;
  readonly loginUsers: LoginUsers;
  readonly secondFactorLogins: SecondFactorLoginService;
  readonly onDenied: OnDenied;
  readonly notices: SafetyNotices;
  readonly secondFactorPolicy: SecondFactorPolicy;
  readonly sessions: SessionsService;
}

export function createPasskeyServices(
  {
    database,
    clock,
    log,
    loginCompletion,
    loginUsers,
    secondFactorLogins,
    onDenied,
    notices,
    secondFactorPolicy,
    sessions,
  }: Dependencies,
  config: Config,
  issuer: string,
): PasskeyServices {
  const relyingParty = createRelyingParty(config, [
    ...(config.appUrl === undefined ? [] : [config.appUrl]),
    issuer,
  ]);
  const challenges = new PasskeyChallenges(database, clock);
  return {
    passkeys: new PasskeysService(
      database,
      clock,
      { challenges, relyingParty, secondFactor: secondFactorPolicy },
      notices,
      sessions,
    ),
    passkeyLogins: new PasskeyLoginService({
      ...{ database, clock, log, challenges, onDenied, relyingParty },
      completion: loginCompletion,
      users: loginUsers,
      secondFactors: secondFactorLogins,
    }),
  };
}

import type { LoginCompletion } from '../authentication/login-completion.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import type { OnDenied } from '../sessions/denials.js';
import { PasskeyChallenges } from './passkey-challenges.js';
import { PasskeyLogins } from './passkey-login.service.js';
import { PasskeysService } from './passkeys.service.js';
import { createRelyingParty } from './relying-party.js';

export interface PasskeyServices {
  readonly passkeys: PasskeysService;
  readonly passkeyLogins: PasskeyLogins;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly loginCompletion: LoginCompletion;
  readonly onDenied: OnDenied;
}

export function createPasskeyServices(
  { database, clock, loginCompletion, onDenied }: Dependencies,
  config: Config,
  issuer: string,
): PasskeyServices {
  const relyingParty = createRelyingParty(config, [issuer]);
  const challenges = new PasskeyChallenges(database, clock);
  return {
    passkeys: new PasskeysService(database, clock, challenges, relyingParty),
    passkeyLogins: new PasskeyLogins({
      ...{ database, clock, challenges, onDenied, relyingParty },
      completion: loginCompletion,
    }),
  };
}

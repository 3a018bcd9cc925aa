import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import type { Outbox } from '../email/outbox.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import type { PasswordPolicy } from '../passwords/password-policy.js';
import type { PasswordStrength } from '../passwords/password-strength.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import type { Hooks } from '../tokens/hooks.js';
import type { UsersService } from '../users/users.service.js';
import { InvitationsService } from './invitations.service.js';
import { ownDataParts } from './own-data-parts.js';
import { OwnDataService } from './own-data.service.js';
import { PasswordCheckService } from './password-check.service.js';
import { RegistrationCompletion } from './registration-completion.service.js';
import { RegistrationMessages } from './registration-messages.js';
import { RegistrationOutcomes } from './registration-outcomes.js';
import { RegistrationRules } from './registration-rules.js';
import { RegistrationService } from './registration.service.js';
import { RecoveryService } from './recovery.service.js';
import { VerificationService } from './verification.service.js';

export interface AccountServices {
  readonly passwordChecks: PasswordCheckService;
  readonly ownData: OwnDataService;
  readonly invitations: InvitationsService;
  readonly recovery: RecoveryService;
  readonly registration: RegistrationService;
  readonly registrationCompletion: RegistrationCompletion;
  readonly verification: VerificationService;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hooks: Pick<Hooks, 'register'>;
  readonly outbox: Outbox;
  readonly newPasswords: NewPasswords;
  readonly passwordPolicy: PasswordPolicy;
  readonly passwordStrength: PasswordStrength;
  readonly versions: SubjectVersions;
  readonly users: UsersService;
}

export function createAccountServices(
  { passwordPolicy, passwordStrength, users, log, hooks, ...foundations }: Dependencies,
  config: Config,
  issuer: string,
): AccountServices {
  const appUrl = config.appUrl ?? issuer;
  const { database } = foundations;
  const rules = new RegistrationRules(database, log, hooks, config);
  const registering = { ...foundations, users, outcomes: new RegistrationOutcomes() };
  return {
    registration: new RegistrationService(
      registering,
      rules,
      new RegistrationMessages(foundations, appUrl),
      config.registrationsPerHour,
    ),
    registrationCompletion: new RegistrationCompletion(registering, rules),
    passwordChecks: new PasswordCheckService(passwordPolicy, passwordStrength),
    ownData: new OwnDataService(database, foundations.clock, users, ownDataParts),
    invitations: new InvitationsService(database, foundations.clock, foundations.outbox, users, {
      lifetime: config.invitationExpires,
      appUrl,
    }),
    recovery: new RecoveryService(foundations, appUrl),
    verification: new VerificationService(foundations, appUrl),
  };
}

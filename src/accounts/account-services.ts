import type { Logger } from 'pino';
import type { LoginCompletion } from '../authentication/login-completion.js';
import type { LoginLimiter } from '../authentication/login-limiter.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import type { Outbox } from '../email/outbox.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import type { PasswordPolicy } from '../passwords/password-policy.js';
import type { PasswordStrength } from '../passwords/password-strength.js';
import type { SubjectVersions } from '../revocations/subject-versions.js';
import type { Hooks } from '../tokens/hooks.js';
import type { OnDenied } from '../sessions/denials.js';
import type { UsersService } from '../users/users.service.js';
import { AccountSafetyService } from './account-safety.service.js';
import { AddressChangesService } from './address-changes.service.js';
import { InvitationsService } from './invitations.service.js';
import { LoginLinksService } from './login-links.service.js';
import { MailedLinks } from './mailed-links.js';
import { ownDataParts } from './own-data-parts.js';
import { OwnDataService } from './own-data.service.js';
import { PasswordCheckService } from './password-check.service.js';
import { RegistrationCompletionService } from './registration-completion.service.js';
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
  readonly accountSafety: AccountSafetyService;
  readonly addressChanges: AddressChangesService;
  readonly loginLinks: LoginLinksService;
  readonly recovery: RecoveryService;
  readonly registration: RegistrationService;
  readonly registrationCompletion: RegistrationCompletionService;
  readonly verification: VerificationService;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hooks: Pick<Hooks, 'register'>;
  readonly outbox: Outbox;
  readonly notices: SafetyNotices;
  readonly newPasswords: NewPasswords;
  readonly passwordPolicy: PasswordPolicy;
  readonly passwordStrength: PasswordStrength;
  readonly versions: SubjectVersions;
  readonly users: UsersService;
  readonly limiter: LoginLimiter;
  readonly loginCompletion: LoginCompletion;
  readonly onDenied: OnDenied;
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
  const mailedLinks = new MailedLinks(foundations, appUrl);
  const recovery = new RecoveryService(foundations, mailedLinks);
  const addressChanges = new AddressChangesService(foundations, appUrl);
  return {
    registration: new RegistrationService(
      registering,
      rules,
      new RegistrationMessages(foundations, appUrl),
      config.registrationsPerHour,
    ),
    registrationCompletion: new RegistrationCompletionService(
      registering,
      rules,
      Math.max(5, Math.ceil(config.registrationsPerHour / 10)),
    ),
    passwordChecks: new PasswordCheckService(passwordPolicy, passwordStrength),
    ownData: new OwnDataService(database, foundations.clock, users, ownDataParts),
    invitations: new InvitationsService(database, foundations.clock, foundations.outbox, users, {
      lifetime: config.invitationExpires,
      appUrl,
    }),
    loginLinks: new LoginLinksService({ ...foundations, mailedLinks }, config.loginLinks),
    recovery,
    accountSafety: new AccountSafetyService({ ...foundations, recovery }),
    addressChanges,
    verification: new VerificationService(foundations, appUrl, addressChanges),
  };
}

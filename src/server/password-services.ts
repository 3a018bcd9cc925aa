import type { Logger } from 'pino';
import type { BreachSetting } from '../config/breach-source.js';
import type { Config } from '../config/config.js';
import type { SafetyNotices } from '../email/safety-notices.js';
import { logOncePerMinute } from '../http/log-once-per-minute.js';
import { BreachCheck, type BreachSource } from '../passwords/breach-check.js';
import { BreachFile, BreachFolder } from '../passwords/breach-files.js';
import { RangeApi } from '../passwords/breach-range-api.js';
import { listServiceWords } from '../passwords/context-words.js';
import { NewPasswords } from '../passwords/new-passwords.js';
import { PasswordPolicy } from '../passwords/password-policy.js';
import { PasswordStrength } from '../passwords/password-strength.js';
import type { Passwords } from '../passwords/passwords.js';

export interface PasswordServices {
  readonly passwordPolicy: PasswordPolicy;
  readonly passwordStrength: PasswordStrength;
  /** Undefined where the settings name no source. */
  readonly breaches: BreachCheck | undefined;
  readonly newPasswords: NewPasswords;
}

interface Dependencies {
  readonly config: Config;
  readonly log: Logger;
  readonly issuer: string;
  readonly passwords: Passwords;
  readonly notices: SafetyNotices;
}

export function createPasswordServices({
  config,
  log,
  issuer,
  passwords,
  notices,
}: Dependencies): PasswordServices {
  const breaches = createBreachCheck(config, log);
  const passwordPolicy = new PasswordPolicy(
    [...listServiceWords(issuer), ...config.passwordContextWords],
    breaches,
  );
  return {
    passwordPolicy,
    passwordStrength: new PasswordStrength(),
    breaches,
    newPasswords: new NewPasswords(passwordPolicy, passwords, notices),
  };
}

function createBreachCheck(config: Config, log: Logger): BreachCheck | undefined {
  if (!config.breachCheck) return undefined;
  return new BreachCheck(createSource(config.breachCheck), {
    timeout: config.breachCheckTimeout * 1000,
    whenUnavailable: config.breachCheckUnavailable,
    onUnavailable: logOncePerMinute((count, err: unknown) => {
      log.warn(
        { event: 'breach_check_unavailable', count, err },
        `a new password could not be looked up among those of data breaches, and LATCHKEY_BREACH_CHECK_UNAVAILABLE=${config.breachCheckUnavailable} decided`,
      );
    }),
  });
}

function createSource(setting: BreachSetting): BreachSource {
  switch (setting.kind) {
    case 'api':
      return new RangeApi(setting.url);
    case 'folder':
      return new BreachFolder(setting.path);
    case 'file':
      return new BreachFile(setting.path);
  }
}

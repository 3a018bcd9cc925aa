import type { Config } from '../config/config.js';
import { showsDevMail, type DevMailSettings } from './dev-mail.js';

type MailSettings = DevMailSettings & Pick<Config, 'issuer' | 'registration' | 'loginLinks'>;

/** A warning for each setting that needs messages, where they neither are sent nor are shown at `/dev/mail`. */
export function findMailWarnings(config: MailSettings): string[] {
  const { registration, loginLinks, smtpUrl } = config;
  // The issuer's default is HOST, which decides by itself then.
  if (smtpUrl !== undefined || showsDevMail(config, config.issuer ?? 'http://localhost')) return [];
  const needing = [
    ...(registration.mode === 'open' || registration.mode === 'domains' ? ['LATCHKEY_REGISTRATION'] : []),
    ...(loginLinks ? ['LATCHKEY_LOGIN_LINKS'] : []),
  ];
  return needing.map(
    (name) =>
      `${name} needs messages, and without LATCHKEY_SMTP_URL none is sent: they stay in the outbox, where "latchkey mail" shows them.`,
  );
}

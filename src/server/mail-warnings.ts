import type { Config } from '../config/config.js';
import { showsDevMail, type DevMailSettings } from './dev-mail.js';

type MailSettings = DevMailSettings &
  Pick<Config, 'issuer' | 'registration' | 'loginLinks' | 'mailTemplates'>;

/** A warning for each setting that needs messages, where they neither are sent nor are shown at `/dev/mail`. */
export function findMailWarnings(config: MailSettings): string[] {
  const { registration, loginLinks, mailTemplates, smtpUrl } = config;
  // The issuer's default is HOST, which decides by itself then.
  if (smtpUrl !== undefined || showsDevMail(config, config.issuer ?? 'http://localhost')) return [];
  const needing = [
    ...(registration.mode === 'off' ? [] : ['LATCHKEY_REGISTRATION needs']),
    ...(loginLinks ? ['LATCHKEY_LOGIN_LINKS needs'] : []),
    ...(mailTemplates === undefined ? [] : ['LATCHKEY_MAIL_TEMPLATES is for']),
  ];
  return needing.map(
    (needs) =>
      `${needs} messages, and without LATCHKEY_SMTP_URL none is sent: they stay in the outbox, where "latchkey mail" shows them.`,
  );
}

import type { Logger } from 'pino';
import { formatDuration } from '../clock.js';
import type { Config } from '../config/config.js';
import type { SettingInForce } from '../config/settings-in-force.js';
import { createDevMailLink, showsDevMail, type DevMailSettings } from './dev-mail.js';
import type { FirstAdministrator } from './first-start.js';
import { packageVersion } from './package-version.js';

/** What there is to say about a start. */
export interface Started {
  /** Such as `http://127.0.0.1:3000`. */
  readonly address: string;
  readonly issuer: string;
  /** Undefined where there was one already. */
  readonly administrator: FirstAdministrator | undefined;
  /** Where the administrator's one-time password is, unless it is printed. */
  readonly passwordFile: string;
  readonly settings: readonly SettingInForce[];
}

type OneTime = Pick<Config, 'oneTimePasswordExpires'>;

/** Says on a terminal that the service has started. The one-time password is nowhere else than here. */
export function printStartMessage(
  { address, issuer, administrator, settings }: Started,
  config: OneTime & DevMailSettings,
  print: (text: string) => void = console.log,
): void {
  if (administrator) {
    const { username, oneTimePassword } = administrator;
    print(
      oneTimePassword === undefined
        ? describeGivenPassword(username)
        : `The administrator account was created. This password is shown once, and is good for one login, within ${formatDuration(config.oneTimePasswordExpires)}: choose another with PUT /me/password.\n\n    username: ${username}\n    one-time password: ${oneTimePassword}\n`,
    );
  }
  print(describeAddress(address));
  if (showsDevMail(config, issuer)) {
    const what = config.smtpUrl === undefined ? 'Messages are not sent, and are' : 'Messages are also';
    print(`${what} at ${createDevMailLink(address, config)}`);
  }
  const changed = settings.filter(({ from }) => from !== 'default');
  const listed = changed.map(({ name, value = '', from }) => `\n    ${name}=${value} (${from})`);
  if (listed.length > 0)
    print(
      `Latchkey ${packageVersion} on Node.js ${process.versions.node} has these settings:${listed.join('')}`,
    );
}

/** Logs the same whatever the level, as the first line that somebody looks for. It has no password. */
export function logStart(
  { address, issuer, administrator, passwordFile, settings }: Started,
  config: OneTime & Pick<Config, 'databaseUrl'>,
  log: Logger,
): void {
  const always = log.child({}, { level: 'info' });
  if (administrator) {
    const { username, oneTimePassword } = administrator;
    if (oneTimePassword === undefined)
      always.info({ event: 'administrator_created', username }, describeGivenPassword(username));
    else {
      always.info(
        { event: 'administrator_created', username, passwordFile },
        `The administrator account was created. Its one-time password is in ${passwordFile}, and is good for one login, within ${formatDuration(config.oneTimePasswordExpires)}: choose another with PUT /me/password, and delete the file.`,
      );
    }
  }
  always.info(
    {
      event: 'started',
      version: packageVersion,
      runtime: `Node.js ${process.versions.node}`,
      database: config.databaseUrl.kind,
      address,
      issuer,
      settings: Object.fromEntries(settings.map(({ name, value = null, from }) => [name, { value, from }])),
    },
    describeAddress(address),
  );
}

function describeAddress(address: string): string {
  return `Latchkey listens on ${address}. Swagger UI: ${address}/docs/`;
}

function describeGivenPassword(username: string): string {
  return `The administrator "${username}" was created with the password from LATCHKEY_ADMIN_PASSWORD.`;
}

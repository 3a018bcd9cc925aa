import { closest, distance } from 'fastest-levenshtein';
import { findIgnoredVariables, findUnmetRequirements } from '../database/postgres-variables.js';
import { isSymmetric, minSecretBytes } from '../keys/algorithms.js';
import { findCookieErrors } from './cookie-settings.js';
import { findExposedFiles, getFileVariable, readSecretFiles } from './secret-files.js';
import { findPasskeyErrors, findPasskeyUrlErrors } from './passkey-settings.js';
import { settings, type Setting, type WithDefault } from './settings.js';
import { importSigningKey } from '../keys/signing-keys.js';

type Settings = typeof settings;
type Value<S> = S extends WithDefault<infer T> ? T : S extends Setting<infer T> ? T | undefined : never;
export type Config = { readonly [K in keyof Settings]: Value<Settings[K]> };

const definitions: readonly Setting<unknown>[] = Object.values(settings);
/** Settings that may be given in files, and are not shown. */
export const secretNames = definitions.filter(({ secret }) => secret).map(({ name }) => name);

/** The errors of all settings at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly errors: readonly string[]) {
    super(errors.join('\n'));
  }
}

/**
 * Reads the settings from environment variables, and secret ones from the files that `…_FILE` variables name.
 * @param reader an operator's command works without some settings that the service requires.
 * @throws {ConfigError} with a sentence for each invalid setting.
 */
export function readConfig(
  variables: Readonly<Record<string, string | undefined>>,
  reader: 'service' | 'command' = 'command',
): Config {
  const { environment, files, errors: fileErrors } = readSecretFiles(secretNames, variables);
  const errors = [...fileErrors];
  const entries = Object.entries<Setting<unknown>>(settings).map(([key, definition]) => {
    const given = environment[definition.name];
    // `FOO= npm start` and compose files set an empty variable to mean "not set".
    const text = given === undefined || given === '' ? definition.default : given;
    if (text === undefined) return [key, undefined];
    try {
      return [key, definition.parse(text)];
    } catch (error) {
      const file = files.get(definition.name);
      const origin = file === undefined ? '' : ` (in ${file})`;
      const shown = mayRepeat(definition, text) ? ` is "${text}", but` : origin;
      errors.push(`${definition.name}${shown} ${(error as Error).message}.`);
      return [key, undefined];
    }
  });
  const config = Object.fromEntries(entries) as Config;
  // An invalid setting is undefined here, whatever its type says.
  const { databaseUrl } = config as Partial<Config>;
  const hasSecret = [settings.secret.name, getFileVariable(settings.secret.name)].some(
    (name) => environment[name],
  );
  if (databaseUrl?.kind === 'postgres' && !hasSecret) {
    errors.push(
      'LATCHKEY_SECRET must be set when DATABASE_URL is PostgreSQL: choose 32 random characters or more, the same for every replica.',
    );
  }
  if (databaseUrl?.kind === 'postgres' && reader === 'service' && !environment[settings.issuer.name]) {
    errors.push(
      'LATCHKEY_ISSUER must be set when DATABASE_URL is PostgreSQL: the URL that clients know the service by, such as https://login.example.com, the same for every replica. Each replica refuses the tokens of another issuer.',
    );
  }
  const { smtpUrl, listen, port, issuer } = config as Partial<Config>;
  if (smtpUrl !== undefined && !environment[settings.mailFrom.name]) {
    errors.push(
      'LATCHKEY_MAIL_FROM must be set when LATCHKEY_SMTP_URL is: who messages are from, such as Example <no-reply@example.com>.',
    );
  }
  if (smtpUrl !== undefined && !environment[settings.appUrl.name]) {
    errors.push(
      'LATCHKEY_APP_URL must be set when LATCHKEY_SMTP_URL is: the URL of your pages that links in messages lead to, such as https://app.example.com.',
    );
  }
  if (listen === 'when_ready' && port === 0 && issuer === undefined) {
    errors.push(
      'LATCHKEY_LISTEN is when_ready and PORT is 0: set LATCHKEY_ISSUER, which would be the address that is listened on.',
    );
  }
  if (databaseUrl?.kind === 'postgres') {
    errors.push(...findUnmetRequirements(environment[settings.databaseUrl.name] ?? '', environment));
  }
  if (errors.length === 0) {
    errors.push(
      ...findSigningErrors(config),
      ...findCookieErrors(config),
      ...findAuditErrors(config),
      ...findPasskeyErrors(config),
    );
  }
  if (errors.length === 0 && reader === 'service') {
    errors.push(...findLegacyErrors(config), ...findPasskeyUrlErrors(config));
  }
  if (errors.length > 0) throw new ConfigError(errors);
  return config;
}

/** Whether messages may repeat a text that is refused: part of a URL with a password is one, too. */
export function mayRepeat({ secret = false, url = false }: Setting<unknown>, text: string): boolean {
  return !secret && !url && !text.includes('://');
}

function findLegacyErrors({ decodeLegacy, decodeLegacyUntil, secretKey }: Config): string[] {
  if (decodeLegacy === undefined) return [];
  const errors = [];
  if (decodeLegacyUntil === undefined) {
    errors.push(
      'JWT_DECODE_LEGACY_UNTIL must be set with JWT_DECODE_LEGACY: the day after the last token of the Flask application has expired, such as 2027-01-31.',
    );
  }
  if (secretKey === undefined || Buffer.byteLength(secretKey) < minSecretBytes.HS256) {
    errors.push(
      `JWT_SECRET_KEY must be that of the Flask application with JWT_DECODE_LEGACY, and have ${minSecretBytes.HS256} bytes or more (RFC 7518 §3.2): with a shorter one its tokens could be forged by guessing.`,
    );
  }
  return errors;
}

function findSigningErrors({ algorithm, secretKey, previousSecretKeys, privateKey }: Config): string[] {
  const errors = [];
  if (previousSecretKeys.some((secret) => Buffer.byteLength(secret) < minSecretBytes.HS256)) {
    errors.push(
      `JWT_PREVIOUS_SECRET_KEYS must each have ${minSecretBytes.HS256} bytes or more (RFC 7518 §3.2).`,
    );
  }
  if (isSymmetric(algorithm)) {
    const minBytes = minSecretBytes[algorithm];
    if (secretKey === undefined)
      errors.push(`JWT_SECRET_KEY must be set when JWT_ALGORITHM is ${algorithm}.`);
    else if (Buffer.byteLength(secretKey) < minBytes) {
      errors.push(`JWT_SECRET_KEY must have ${minBytes} bytes or more for ${algorithm} (RFC 7518 §3.2).`);
    }
  } else if (privateKey !== undefined) {
    const own = importSigningKey(privateKey, algorithm).algorithm;
    if (own !== algorithm) {
      errors.push(
        `JWT_PRIVATE_KEY is for ${own}, and JWT_ALGORITHM is ${algorithm}. Set JWT_ALGORITHM to ${own}.`,
      );
    }
  }
  return errors;
}

function findAuditErrors({ auditWebhookUrl, auditWebhookSecret }: Config): string[] {
  return auditWebhookUrl !== undefined && auditWebhookSecret.length === 0
    ? [
        'LATCHKEY_AUDIT_WEBHOOK_SECRET must be set when LATCHKEY_AUDIT_WEBHOOK_URL is: the receiver tells by it that a request is from here.',
      ]
    : [];
}

/** Options of Flask-JWT-Extended that are not settings here; see docs/flask-jwt-extended.md. */
const flaskOnlyOptions: Readonly<Record<string, string>> = {
  JWT_DECODE_ALGORITHMS: 'each key has one algorithm, and no other is accepted with it',
  JWT_ENCODE_ISSUER: 'set LATCHKEY_ISSUER',
  JWT_ERROR_MESSAGE_KEY: 'errors are problem+json (RFC 9457), with the message in "detail"',
  JWT_IDENTITY_CLAIM: 'the user is always in "sub" (RFC 9068)',
  JWT_PUBLIC_KEY: 'it is made from JWT_PRIVATE_KEY, and published at /.well-known/jwks.json',
  JWT_REFRESH_JSON_KEY: 'the field is "refresh_token", as the contract says',
  JWT_VERIFY_SUB: '"sub" is always verified',
};

/**
 * A warning for each `LATCHKEY_*` or `JWT_*` variable that no setting reads, with the name of the most similar setting,
 * for each variable of PostgreSQL (`PG*`) that is ignored, for a `JWT_DECODE_LEGACY_UNTIL` in the past, and for each file with a
 * secret that everybody may read.
 * @param now milliseconds since the Unix epoch.
 */
export function findSettingWarnings(
  variables: Readonly<Record<string, string | undefined>>,
  now: number = Date.now(),
): string[] {
  const { environment } = readSecretFiles(secretNames, variables);
  const known = [...definitions.map(({ name }) => name), ...secretNames.map(getFileVariable)];
  const url = environment[settings.databaseUrl.name] ?? '';
  const ofPostgres = url.startsWith('postgres') ? findIgnoredVariables(url, environment) : [];
  const unknown = Object.keys(environment)
    .filter((name) => /^(LATCHKEY|JWT)_/.test(name) && !known.includes(name))
    .map((name) => {
      const instead = flaskOnlyOptions[name];
      if (instead !== undefined) return `${name} is not a setting here and is ignored: ${instead}.`;
      const nearest = known.find((other) => getStem(other) === getStem(name)) ?? closest(name, known);
      const near = getStem(nearest) === getStem(name) || distance(name, nearest) <= name.length / 2;
      return `${name} is not a setting and is ignored.${near ? ` Did you mean ${nearest}?` : ''}`;
    });
  return [
    ...unknown,
    ...ofPostgres,
    ...findLegacyWarnings(environment, now),
    ...findExposedFiles(secretNames, environment),
  ];
}

function findLegacyWarnings(
  environment: Readonly<Record<string, string | undefined>>,
  now: number,
): string[] {
  const until = environment[settings.decodeLegacyUntil.name];
  // One that is not a time is an error, which `readConfig` finds.
  const isPast = until !== undefined && Date.parse(until) <= now;
  return isPast && environment[settings.decodeLegacy.name]
    ? [
        `JWT_DECODE_LEGACY_UNTIL is ${until}, which is in the past: no token of the Flask application is accepted. Set the day after its last refresh token has expired, or remove JWT_DECODE_LEGACY.`,
      ]
    : [];
}

/** The name of a variable without its prefix, which some settings do not have. */
function getStem(name: string): string {
  return name.replace(/^(?:LATCHKEY|JWT)_/, '');
}

/** The authentication scheme of access tokens and challenges: RFC 9110 §15.5.2 requires one in every 401. */
export function getTokenScheme({ headerType }: Pick<Config, 'headerType'>): string {
  return headerType === 'none' ? 'Bearer' : headerType;
}

import { closest, distance } from 'fastest-levenshtein';
import { readFileSync } from 'node:fs';
import proxyaddr from 'proxy-addr';
import { algorithms, isSymmetric, shortestSecret } from './tokens/algorithms.js';
import { importSigningKey } from './tokens/signing-keys.js';

interface Setting<T> {
  readonly name: string;
  readonly parse: (text: string) => T;
  /** What is parsed where the variable is not set; without it the setting is `undefined`. */
  readonly default?: string;
  /** The default in words, where it is no fixed text. */
  readonly defaultInWords?: string;
  /** A secret's value is never repeated in a message. */
  readonly secret?: boolean;
  /** One sentence for README's table. */
  readonly doc: string;
}

type WithDefault<T> = Setting<T> & { readonly default: string };

function setting<T>(definition: WithDefault<T>): WithDefault<T>;
function setting<T>(definition: Setting<T>): Setting<T>;
function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

/** Every setting there is: README's table is made from this one. */
export const settings = {
  port: setting({
    name: 'PORT',
    parse: wholeNumber(0, 65_535),
    default: '3000',
    doc: 'The TCP port to listen on; 0 takes any free one.',
  }),
  host: setting({
    name: 'HOST',
    parse: nonEmpty,
    default: '127.0.0.1',
    doc: 'The address to listen on; `0.0.0.0` or `::` for all of them.',
  }),
  databaseUrl: setting({
    name: 'DATABASE_URL',
    parse: databaseUrl,
    default: 'sqlite:data/latchkey.db',
    secret: true,
    doc: 'Where the data lives: `sqlite:<file>`, `sqlite::memory:` or `postgres://user:password@host:port/database`.',
  }),
  logLevel: setting({
    name: 'LOG_LEVEL',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    doc: 'How much is logged: `fatal`, `error`, `warn`, `info`, `debug` (a line a request), `trace` or `silent`.',
  }),
  issuer: setting({
    name: 'LATCHKEY_ISSUER',
    parse: issuerUrl,
    defaultInWords: 'the listening address',
    doc: 'The URL that clients know this service by: the tokens’ `iss` and `aud`. Tokens of another issuer are refused, so keep it.',
  }),
  secret: setting({
    name: 'LATCHKEY_SECRET',
    parse: longSecret,
    secret: true,
    defaultInWords: 'on SQLite a file made beside the database; on PostgreSQL it must be set',
    doc: 'Any string of 32 characters or more. It encrypts the keys in the database; without it they cannot be opened.',
  }),
  newSecret: setting({
    name: 'LATCHKEY_NEW_SECRET',
    parse: longSecret,
    secret: true,
    doc: 'What `latchkey secret rotate` encrypts the keys with; the service does not read it.',
  }),
  trustedProxies: setting({
    name: 'LATCHKEY_TRUSTED_PROXIES',
    parse: proxies,
    default: '',
    defaultInWords: 'none',
    doc: 'Whose `X-Forwarded-*` headers and `X-Request-Id` count: addresses, CIDR ranges, `loopback`, `linklocal` or `uniquelocal`, comma-separated.',
  }),
  corsOrigins: setting({
    name: 'LATCHKEY_CORS_ORIGINS',
    parse: origins,
    default: '',
    defaultInWords: 'none: CORS is off',
    doc: 'The origins whose browser pages may call the service, comma-separated, or `*`.',
  }),
  adminUsername: setting({
    name: 'LATCHKEY_ADMIN_USERNAME',
    parse: username,
    default: 'admin',
    doc: 'The name of the administrator that the first start makes. Later starts do not read it.',
  }),
  adminPassword: setting({
    name: 'LATCHKEY_ADMIN_PASSWORD',
    parse: nonEmpty,
    secret: true,
    defaultInWords: 'a random one-time password, printed once',
    doc: 'That administrator’s password. Later starts do not read it.',
  }),
  algorithm: setting({
    name: 'JWT_ALGORITHM',
    parse: oneOf(...algorithms),
    default: 'ES256',
    doc: 'What access tokens are signed with: `ES256`, `ES384`, `ES512`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, or with a shared secret `HS256`, `HS384`, `HS512`. A change publishes the new key first.',
  }),
  secretKey: setting({
    name: 'JWT_SECRET_KEY',
    parse: nonEmpty,
    secret: true,
    doc: 'The shared secret of `HS256` (32 bytes or more), `HS384` (48) and `HS512` (64).',
  }),
  previousSecretKeys: setting({
    name: 'JWT_PREVIOUS_SECRET_KEYS',
    parse: list,
    default: '',
    defaultInWords: 'none',
    secret: true,
    doc: 'Earlier values of `JWT_SECRET_KEY`, comma-separated, whose tokens are still accepted.',
  }),
  privateKey: setting({
    name: 'JWT_PRIVATE_KEY',
    parse: privateKeyText,
    secret: true,
    defaultInWords: 'a key is made, and rotated',
    doc: 'A private key of your own, as PEM, as a JWK, or as the path of a file with either. It is taken into the key ring and signs; rotating it is then up to you.',
  }),
  keyRotation: setting({
    name: 'LATCHKEY_KEY_ROTATION',
    parse: duration(0, 3650 * 86_400),
    default: '90d',
    doc: 'How old a key becomes before it is replaced, without a failed request; 0: only `latchkey keys rotate` does.',
  }),
  jwksMaxAge: setting({
    name: 'LATCHKEY_JWKS_MAX_AGE',
    parse: duration(0, 86_400),
    default: '5m',
    doc: 'How long others may cache `/.well-known/jwks.json`. A new key is published for that long, and a minute more, before it signs.',
  }),
  accessTokenExpires: setting({
    name: 'JWT_ACCESS_TOKEN_EXPIRES',
    parse: duration(1, 86_400),
    default: '15m',
    doc: 'How long an access token lives: seconds, or a number with `s`, `m`, `h` or `d`; a day at most.',
  }),
  refreshTokenExpires: setting({
    name: 'JWT_REFRESH_TOKEN_EXPIRES',
    parse: duration(1, 400 * 86_400),
    default: '30d',
    doc: 'How long a refresh token lives; each refresh gives a new one with the whole time.',
  }),
  decodeLeeway: setting({
    name: 'JWT_DECODE_LEEWAY',
    parse: duration(0, 300),
    default: '0',
    doc: 'By how much the clocks of the machines that issue and check tokens may differ; five minutes at most.',
  }),
  refreshGrace: setting({
    name: 'LATCHKEY_REFRESH_GRACE',
    parse: duration(0, 300),
    default: '10s',
    doc: 'For how long a refresh token that was just replaced still gives the same successor, so that two tabs or a lost answer sign no one out.',
  }),
  passwordMemoryCost: setting({
    name: 'LATCHKEY_PASSWORD_MEMORY_COST',
    parse: wholeNumber(8, 4_194_304),
    default: '19456',
    doc: 'argon2id’s memory in KiB.',
  }),
  passwordTimeCost: setting({
    name: 'LATCHKEY_PASSWORD_TIME_COST',
    parse: wholeNumber(1, 100),
    default: '2',
    doc: 'argon2id’s passes.',
  }),
  passwordParallelism: setting({
    name: 'LATCHKEY_PASSWORD_PARALLELISM',
    parse: wholeNumber(1, 64),
    default: '1',
    doc: 'argon2id’s lanes.',
  }),
  passwordQueue: setting({
    name: 'LATCHKEY_PASSWORD_QUEUE',
    parse: wholeNumber(0, 100_000),
    default: '100',
    doc: 'How many password checks may wait for a free core; beyond that the answer is 503 with `Retry-After`.',
  }),
  loginFreeAttempts: setting({
    name: 'LATCHKEY_LOGIN_FREE_ATTEMPTS',
    parse: wholeNumber(0, 1_000_000),
    default: '5',
    doc: 'How many failed logins for one account cost no wait.',
  }),
  loginFreeAttemptsPerAddress: setting({
    name: 'LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS',
    parse: wholeNumber(0, 1_000_000),
    default: '5',
    doc: 'How many failed logins from one address cost no wait. Users who logged in from it before are not held up by it.',
  }),
  loginFirstWait: setting({
    name: 'LATCHKEY_LOGIN_FIRST_WAIT',
    parse: duration(1, 3600),
    default: '1s',
    doc: 'The wait after the first failure beyond the free ones; each further one doubles it.',
  }),
  loginLongestWait: setting({
    name: 'LATCHKEY_LOGIN_LONGEST_WAIT',
    parse: duration(1, 86_400),
    default: '15m',
    doc: 'The longest wait that failed logins can bring.',
  }),
  loginMemory: setting({
    name: 'LATCHKEY_LOGIN_MEMORY',
    parse: duration(60, 30 * 86_400),
    default: '24h',
    doc: 'After how long without a failure the failed logins are forgotten.',
  }),
  loginLimit: setting({
    name: 'LATCHKEY_LOGIN_LIMIT',
    parse: wholeNumber(0, 1_000_000),
    default: '0',
    defaultInWords: '0: no limit',
    doc: 'How many logins a minute, successful ones too, are taken from one address.',
  }),
  refreshLimit: setting({
    name: 'LATCHKEY_REFRESH_LIMIT',
    parse: wholeNumber(0, 1_000_000),
    default: '0',
    defaultInWords: '0: no limit',
    doc: 'How many refreshes a minute are taken from one address.',
  }),
};

type Settings = typeof settings;
type Value<S> = S extends WithDefault<infer T> ? T : S extends Setting<infer T> ? T | undefined : never;
export type Config = { readonly [K in keyof Settings]: Value<Settings[K]> };

/** Settings that cannot be used, all of them at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/**
 * Reads the settings from environment variables.
 * @throws {ConfigError} with a sentence for every setting that cannot be used.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = [];
  const entries = Object.entries<Setting<unknown>>(settings).map(([key, definition]) => {
    const given = environment[definition.name];
    // An empty variable is what `FOO= npm start` and compose files give for "not set".
    const text = given === undefined || given === '' ? definition.default : given;
    if (text === undefined) return [key, undefined];
    try {
      return [key, definition.parse(text)];
    } catch (error) {
      const shown = definition.secret ? '' : ` is "${text}", but`;
      faults.push(`${definition.name}${shown} ${(error as Error).message}.`);
      return [key, undefined];
    }
  });
  const config = Object.fromEntries(entries) as Config;
  // A faulty setting has no value here, whatever its type says.
  const { databaseUrl } = config as Partial<Config>;
  if (databaseUrl?.kind === 'postgres' && !environment[settings.secret.name]) {
    faults.push(
      'LATCHKEY_SECRET must be set when DATABASE_URL is PostgreSQL: choose 32 random characters or more, the same for every replica.',
    );
  }
  if (faults.length === 0) faults.push(...signingFaults(config));
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function signingFaults({ algorithm, secretKey, previousSecretKeys, privateKey }: Config): string[] {
  if (!isSymmetric(algorithm)) {
    const own = privateKey === undefined ? algorithm : importSigningKey(privateKey, algorithm).algorithm;
    return own === algorithm
      ? []
      : [`JWT_PRIVATE_KEY is for ${own}, and JWT_ALGORITHM is ${algorithm}. Set JWT_ALGORITHM to ${own}.`];
  }
  const least = shortestSecret[algorithm];
  const faults = [];
  if (secretKey === undefined) faults.push(`JWT_SECRET_KEY must be set when JWT_ALGORITHM is ${algorithm}.`);
  const tooShort = (secret: string): boolean => Buffer.byteLength(secret) < least;
  if (secretKey !== undefined && tooShort(secretKey)) {
    faults.push(`JWT_SECRET_KEY must have ${least} bytes or more for ${algorithm} (RFC 7518 §3.2).`);
  }
  if (previousSecretKeys.some(tooShort)) {
    faults.push(
      `JWT_PREVIOUS_SECRET_KEYS must each have ${least} bytes or more for ${algorithm} (RFC 7518 §3.2).`,
    );
  }
  return faults;
}

/** A warning for each `LATCHKEY_*` or `JWT_*` variable that no setting reads, with the nearest name that one does. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.values<Setting<unknown>>(settings).map(({ name }) => name);
  return Object.keys(environment)
    .filter((name) => /^(LATCHKEY|JWT)_/.test(name) && !known.includes(name))
    .map((name) => {
      const nearest = closest(name, known);
      const near = distance(name, nearest) <= name.length / 2;
      return `${name} is not a setting and is ignored.${near ? ` Did you mean ${nearest}?` : ''}`;
    });
}

/** Where the data lives. */
export type DatabaseUrl =
  | { readonly kind: 'sqlite'; /** A file's path, or `:memory:`. */ readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string };

function databaseUrl(text: string): DatabaseUrl {
  if (text.startsWith('sqlite:')) {
    // With slashes as a URL has them, or without: sqlite:data/x.db, sqlite:/srv/x.db, sqlite:///srv/x.db.
    const file = text.slice('sqlite:'.length).replace(/^\/\//, '').replace(/^\/+/, '/');
    if (file.trim() === '' || file.endsWith('/')) {
      throw new Error('must name a file after "sqlite:", such as sqlite:data/latchkey.db');
    }
    return { kind: 'sqlite', file };
  }
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return { kind: 'postgres', url: text };
  throw new Error('must look like sqlite:data/latchkey.db or postgres://user:password@host:5432/database');
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new Error(`must be a whole number from ${least} to ${most}`);
    }
    return value;
  };
}

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds. */
function duration(least: number, most: number): (text: string) => number {
  return (text) => {
    const match = /^(\d+)([smhd]?)$/.exec(text);
    const value = match ? Number(match[1]) * (secondsPerUnit[match[2] ?? ''] ?? 1) : NaN;
    if (!(value >= least && value <= most)) {
      throw new Error(
        `must be a time from ${least} to ${most} seconds, such as 900, 15m, 12h or 30d (tokens that never expire are not issued)`,
      );
    }
    return value;
  };
}

function oneOf<const T extends string>(...values: readonly T[]): (text: string) => T {
  return (text) => {
    const value = values.find((each) => each === text);
    if (value === undefined) throw new Error(`must be one of ${values.join(', ')}`);
    return value;
  };
}

function nonEmpty(text: string): string {
  if (text.trim() === '') throw new Error('must not be blank');
  return text;
}

/** As the contract has it in `CreateUserRequest`. */
function username(text: string): string {
  if (text.length > 200 || text.trim() !== text || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new Error(
      'must have 1 to 200 characters, no control characters among them and no white space at either end',
    );
  }
  return text;
}

function longSecret(text: string): string {
  if (text.length < 32) throw new Error('must have 32 characters or more');
  return text;
}

function privateKeyText(text: string): string {
  const key = text.includes('-----BEGIN') || text.trimStart().startsWith('{') ? text : readKeyFile(text);
  try {
    importSigningKey(key, 'RS256');
  } catch (error) {
    throw new Error(`must be a key that can be used: ${(error as Error).message.replace(/\.$/, '')}`, {
      cause: error,
    });
  }
  return key;
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error('must be a private key in PEM or JWK form, or the path of a readable file with one', {
      cause,
    });
  }
}

function issuerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || /[?#\s]/.test(text)) {
    throw new Error(
      'must be an http or https URL without query or fragment, such as https://login.example.com',
    );
  }
  // RFC 8414 §2 compares issuers as strings: one spelling, without the slash that a browser adds.
  return text.replace(/\/+$/, '');
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function proxies(text: string): string[] {
  const values = list(text);
  try {
    // Read as an address, a number would be one that nobody has: 0.0.0.1.
    if (values.some((value) => /^\d+$/.test(value))) throw new Error('a number of hops');
    proxyaddr.compile(values);
  } catch {
    throw new Error(
      'must be a comma-separated list of addresses or CIDR ranges, such as 10.0.0.0/8, loopback',
    );
  }
  return values;
}

function origins(text: string): string[] {
  const values = list(text);
  for (const value of values) {
    if (value === '*') continue;
    if (value.includes('*') || !URL.canParse(value) || new URL(value).origin !== value) {
      throw new Error('must be a comma-separated list of origins, such as https://app.example.com, or *');
    }
  }
  return values;
}

import { parseDatabaseUrl } from '../database/database-url.js';
import {
  audiences,
  cookieDomain,
  cookiePath,
  duration,
  flag,
  httpMethods,
  lifetime,
  issuerUrl,
  list,
  listOf,
  longSecret,
  nonEmpty,
  oneOf,
  origins,
  passwordLength,
  privateKeyText,
  proxies,
  secrets,
  token,
  username,
  wholeNumber,
} from './setting-parsers.js';
import { algorithms } from '../keys/algorithms.js';
import { accessTokenTypes } from '../tokens/access-token-types.js';
import { usernameRules } from '../usernames/username-rules.js';

export interface Setting<T> {
  readonly name: string;
  readonly parse: (text: string) => T;
  /** What is parsed where the variable is not set; without it the setting is `undefined`. */
  readonly default?: string;
  /** The default in words, where it is no fixed text. */
  readonly defaultInWords?: string;
  /** A secret's value is never repeated in a message. */
  readonly secret?: boolean;
  /** One sentence for the table in docs/settings.md. */
  readonly doc: string;
}

export type WithDefault<T> = Setting<T> & { readonly default: string };

function setting<T>(definition: WithDefault<T>): WithDefault<T>;
function setting<T>(definition: Setting<T>): Setting<T>;
function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

/** Every setting there is. The table in docs/settings.md is made from it. */
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
  maxConnections: setting({
    name: 'LATCHKEY_MAX_CONNECTIONS',
    parse: wholeNumber(1, 1_000_000),
    defaultInWords: '10000, or what the limit on open files leaves',
    doc: 'Maximum number of connections. One more takes the place of one that waits for its client; if none does, it is closed ([connections](connections.md)).',
  }),
  requestTimeout: setting({
    name: 'LATCHKEY_REQUEST_TIMEOUT',
    parse: duration(1, 300),
    default: '30s',
    doc: 'How long a request may take to arrive, its body included; beyond that the response is 408. A client that reads nothing of a response for twice as long is cut off.',
  }),
  keepAliveTimeout: setting({
    name: 'LATCHKEY_KEEP_ALIVE_TIMEOUT',
    parse: duration(1, 3600),
    default: '75s',
    doc: 'How long a connection is kept for its next request. It must be longer than the load balancer’s own limit: 60 seconds for nginx and for AWS.',
  }),
  shutdownDelay: setting({
    name: 'LATCHKEY_SHUTDOWN_DELAY',
    parse: duration(0, 300),
    default: '0',
    doc: 'How long the port keeps responding after SIGTERM, while `GET /health/ready` is already 503. Under an orchestrator 5 seconds: its load balancers need a while to notice.',
  }),
  databaseUrl: setting({
    name: 'DATABASE_URL',
    parse: parseDatabaseUrl,
    default: 'sqlite:data/latchkey.db',
    secret: true,
    doc: 'The database: `sqlite:<file>`, `sqlite::memory:` or `postgres://user:password@host:port/database`. Connections to PostgreSQL are not encrypted unless the URL says so: `?sslmode=verify-full` ([postgresql](postgresql.md)).',
  }),
  databasePool: setting({
    name: 'LATCHKEY_DATABASE_POOL',
    parse: wholeNumber(1, 1000),
    default: '10',
    doc: 'Maximum number of connections to PostgreSQL for a process’s requests. It has one more for changes by other replicas, and up to two for longer work.',
  }),
  databaseConnectTimeout: setting({
    name: 'LATCHKEY_DATABASE_CONNECT_TIMEOUT',
    parse: duration(1, 60),
    default: '2s',
    doc: 'How long to wait for a connection to PostgreSQL, new or free; beyond that the response is 503 with `Retry-After`.',
  }),
  databaseStatementTimeout: setting({
    name: 'LATCHKEY_DATABASE_STATEMENT_TIMEOUT',
    parse: duration(1, 60),
    default: '2s',
    doc: 'How long a request’s statement may take on PostgreSQL, or wait for another process that writes to the SQLite file; beyond that the response is 503 with `Retry-After`.',
  }),
  databaseWait: setting({
    name: 'LATCHKEY_DATABASE_WAIT',
    parse: duration(0, 3600),
    default: '30s',
    doc: 'How long a start waits for PostgreSQL to respond.',
  }),
  revocationBound: setting({
    name: 'LATCHKEY_REVOCATION_BOUND',
    parse: duration(1, 60),
    default: '2s',
    doc: 'Maximum time after a logout on another replica for which a token may still be accepted here. Normally it takes milliseconds; a replica that has not heard from the others for that long asks PostgreSQL for each request, and responds 503 if it gets no reply.',
  }),
  logLevel: setting({
    name: 'LOG_LEVEL',
    parse: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    doc: 'How much is logged: `fatal`, `error`, `warn`, `info`, `debug` (a line per request), `trace` or `silent`.',
  }),
  issuer: setting({
    name: 'LATCHKEY_ISSUER',
    parse: issuerUrl,
    defaultInWords: 'on SQLite the listening address; on PostgreSQL it must be set',
    doc: 'The URL that clients know the service by: the tokens’ `iss` and `aud`. Tokens of another issuer are refused, so keep it.',
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
    doc: 'The secret that `latchkey secret rotate` encrypts the keys with; the service does not read it.',
  }),
  trustedProxies: setting({
    name: 'LATCHKEY_TRUSTED_PROXIES',
    parse: proxies,
    default: '',
    defaultInWords: 'none',
    doc: 'Proxies whose `X-Forwarded-*` headers and `X-Request-Id` are trusted: addresses, CIDR ranges, `loopback`, `linklocal` or `uniquelocal`, comma-separated.',
  }),
  corsOrigins: setting({
    name: 'LATCHKEY_CORS_ORIGINS',
    parse: origins,
    default: '',
    defaultInWords: 'none: CORS is off',
    doc: 'Origins whose pages may call the service, comma-separated, or `*`. Named origins may send cookies where `JWT_TOKEN_LOCATION` has `cookies`; with `*` none are sent ([cookies](cookies.md)).',
  }),
  hstsIncludeSubDomains: setting({
    name: 'LATCHKEY_HSTS_INCLUDE_SUBDOMAINS',
    parse: flag,
    default: 'false',
    doc: 'Whether `Strict-Transport-Security`, which responses over HTTPS have, includes the subdomains of the host. They must all be served over HTTPS then, for a year.',
  }),
  usernames: setting({
    name: 'LATCHKEY_USERNAMES',
    parse: oneOf(...usernameRules),
    default: 'distinct',
    doc: 'Which usernames may be set. `distinct`: by RFC 8265 (letters, digits, ASCII punctuation, single spaces), of one script, and none that looks like another user’s (UTS 39). `precis`: by RFC 8265 alone. `any`: anything without control characters, and without white space at either end. Existing names keep working.',
  }),
  adminUsername: setting({
    name: 'LATCHKEY_ADMIN_USERNAME',
    parse: username,
    default: 'admin',
    doc: 'Username of the administrator that the first start creates. Later starts do not read it.',
  }),
  adminPassword: setting({
    name: 'LATCHKEY_ADMIN_PASSWORD',
    parse: passwordLength,
    secret: true,
    defaultInWords: 'a random one-time password, printed once',
    doc: 'That administrator’s password. Later starts do not read it.',
  }),
  algorithm: setting({
    name: 'JWT_ALGORITHM',
    parse: oneOf(...algorithms),
    default: 'ES256',
    doc: 'Algorithm that access tokens are signed with: `ES256`, `ES384`, `ES512`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, or with a shared secret `HS256`, `HS384`, `HS512`. A change publishes the new key first.',
  }),
  secretKey: setting({
    name: 'JWT_SECRET_KEY',
    parse: nonEmpty,
    secret: true,
    doc: 'The shared secret of `HS256` (32 bytes or more), `HS384` (48) and `HS512` (64).',
  }),
  previousSecretKeys: setting({
    name: 'JWT_PREVIOUS_SECRET_KEYS',
    parse: secrets,
    default: '',
    defaultInWords: 'none',
    secret: true,
    doc: 'Earlier values of `JWT_SECRET_KEY`, comma-separated or as a JSON array, whose tokens are still accepted, whatever `JWT_ALGORITHM` is now.',
  }),
  privateKey: setting({
    name: 'JWT_PRIVATE_KEY',
    parse: privateKeyText,
    secret: true,
    defaultInWords: 'a key is made, and rotated',
    doc: 'A private key of your own, as PEM, as a JWK, or as the path of a file with either. It is stored in the key ring and signs; rotating it is then up to you.',
  }),
  keyRotation: setting({
    name: 'LATCHKEY_KEY_ROTATION',
    parse: duration(0, 3650 * 86_400),
    default: '90d',
    doc: 'Age at which a key is replaced, without a failed request; 0: only `latchkey keys rotate` replaces it.',
  }),
  jwksMaxAge: setting({
    name: 'LATCHKEY_JWKS_MAX_AGE',
    parse: duration(0, 86_400),
    default: '5m',
    doc: 'How long others may cache `/.well-known/jwks.json`. A new key is published for that long and a minute more before it signs.',
  }),
  revocationStreams: setting({
    name: 'LATCHKEY_REVOCATION_STREAMS',
    parse: wholeNumber(0, 100_000),
    default: '1000',
    doc: 'Maximum number of open `GET /revocations/stream`: each process of another service that checks tokens has one.',
  }),
  revocationStreamsPerClient: setting({
    name: 'LATCHKEY_REVOCATION_STREAMS_PER_CLIENT',
    parse: wholeNumber(1, 100_000),
    default: '100',
    doc: 'Maximum number of them per client or user, so that none takes all; beyond that the response is 429.',
  }),
  accessTokenExpires: setting({
    name: 'JWT_ACCESS_TOKEN_EXPIRES',
    parse: lifetime(86_400),
    default: '15m',
    doc: 'How long an access token lives: seconds, or a number with `s`, `m`, `h` or `d`; at most a day.',
  }),
  refreshTokenExpires: setting({
    name: 'JWT_REFRESH_TOKEN_EXPIRES',
    parse: lifetime(400 * 86_400),
    default: '30d',
    doc: 'How long a refresh token lives; each refresh gives a new one with the whole time.',
  }),
  decodeLeeway: setting({
    name: 'JWT_DECODE_LEEWAY',
    parse: duration(0, 300),
    default: '0',
    doc: 'By how much the clocks of the machines that issue and check tokens may differ; at most five minutes.',
  }),
  encodeAudience: setting({
    name: 'JWT_ENCODE_AUDIENCE',
    parse: audiences,
    default: '',
    defaultInWords: 'the issuer',
    doc: 'Default audience (`aud`) of access tokens, comma-separated. A client may ask for one of them with `resource` (RFC 8707).',
  }),
  decodeAudience: setting({
    name: 'JWT_DECODE_AUDIENCE',
    parse: list,
    default: '',
    defaultInWords: 'what `JWT_ENCODE_AUDIENCE` says',
    doc: 'Audiences whose tokens the protected operations here accept, comma-separated.',
  }),
  decodeIssuer: setting({
    name: 'JWT_DECODE_ISSUER',
    parse: list,
    default: '',
    defaultInWords: 'none',
    doc: 'Further issuers whose tokens are accepted, comma-separated: an earlier `LATCHKEY_ISSUER`, for as long as its tokens live.',
  }),
  clientAssertionAudience: setting({
    name: 'LATCHKEY_CLIENT_ASSERTION_AUDIENCE',
    parse: oneOf('issuer', 'rfc7523'),
    default: 'issuer',
    doc: 'Required `aud` of a client’s assertion (`private_key_jwt`): `issuer`, the issuer alone; `rfc7523`, for older clients, the issuer or the token endpoint, among others. With the latter, another service that the client trusts can obtain an assertion that is valid here.',
  }),
  accessTokenType: setting({
    name: 'JWT_ACCESS_TOKEN_TYPE',
    parse: oneOf(...accessTokenTypes),
    default: 'at+jwt',
    doc: 'What the header of access tokens has as `typ`: `at+jwt` (RFC 9068), or `JWT` for libraries that refuse everything else ([which do](resource-servers.md)); their claim `token_use` is then `access_token`. Tokens of both kinds are accepted.',
  }),
  encodeNotBefore: setting({
    name: 'JWT_ENCODE_NBF',
    parse: flag,
    default: 'true',
    doc: 'Whether access tokens have `nbf`, the time from which they are valid.',
  }),
  tokenLocations: setting({
    name: 'JWT_TOKEN_LOCATION',
    parse: listOf('headers', 'cookies', 'query_string', 'json'),
    default: 'headers',
    doc: 'Where access tokens are looked for, in this order: `headers`, `cookies`, `query_string`, `json`. The last two leave tokens in logs and histories, and are for clients that cannot use the others.',
  }),
  headerName: setting({
    name: 'JWT_HEADER_NAME',
    parse: token,
    default: 'Authorization',
    doc: 'The header that has the access token.',
  }),
  headerType: setting({
    name: 'JWT_HEADER_TYPE',
    parse: token,
    default: 'Bearer',
    doc: 'The scheme before the token in that header, in `token_type` and in the challenge of `WWW-Authenticate`; `none`: the header is the token alone (the others say `Bearer`).',
  }),
  queryStringName: setting({
    name: 'JWT_QUERY_STRING_NAME',
    parse: token,
    default: 'jwt',
    doc: 'The query parameter that has the access token.',
  }),
  queryStringValuePrefix: setting({
    name: 'JWT_QUERY_STRING_VALUE_PREFIX',
    parse: nonEmpty,
    defaultInWords: 'nothing',
    doc: 'Text before the token in that parameter.',
  }),
  jsonKey: setting({
    name: 'JWT_JSON_KEY',
    parse: token,
    default: 'access_token',
    doc: 'The field of a JSON body that has the access token.',
  }),
  accessCookieName: setting({
    name: 'JWT_ACCESS_COOKIE_NAME',
    parse: token,
    default: 'access_token_cookie',
    doc: 'The access token’s cookie. Where browsers allow it (`Secure`, path `/`, no domain) its name gets the prefix `__Host-`, otherwise with `Secure` the prefix `__Secure-`.',
  }),
  refreshCookieName: setting({
    name: 'JWT_REFRESH_COOKIE_NAME',
    parse: token,
    default: 'refresh_token_cookie',
    doc: 'The refresh token’s cookie; prefixed likewise.',
  }),
  accessCookiePath: setting({
    name: 'JWT_ACCESS_COOKIE_PATH',
    parse: cookiePath,
    default: '/',
    doc: 'Its path.',
  }),
  refreshCookiePath: setting({
    name: 'JWT_REFRESH_COOKIE_PATH',
    parse: cookiePath,
    default: '/',
    doc: 'Its path.',
  }),
  cookieSecure: setting({
    name: 'JWT_COOKIE_SECURE',
    parse: flag,
    default: 'true',
    doc: 'Whether cookies are sent over HTTPS only; browsers treat `http://localhost` like HTTPS.',
  }),
  cookieDomain: setting({
    name: 'JWT_COOKIE_DOMAIN',
    parse: cookieDomain,
    defaultInWords: 'the host that answered',
    doc: 'The cookies’ domain.',
  }),
  cookieSameSite: setting({
    name: 'JWT_COOKIE_SAMESITE',
    parse: oneOf('Strict', 'Lax', 'None'),
    default: 'Lax',
    doc: 'Whether pages of other sites send the cookies: `Strict`, `Lax` or `None`.',
  }),
  sessionCookie: setting({
    name: 'JWT_SESSION_COOKIE',
    parse: flag,
    default: 'true',
    doc: 'Whether the cookies end with the browser’s session; otherwise they last as long as the tokens.',
  }),
  csrfProtect: setting({
    name: 'JWT_COOKIE_CSRF_PROTECT',
    parse: flag,
    default: 'true',
    doc: 'Whether a request with cookies must repeat the token’s CSRF value in a header.',
  }),
  csrfMethods: setting({
    name: 'JWT_CSRF_METHODS',
    parse: httpMethods,
    default: 'POST, PUT, PATCH, DELETE',
    doc: 'The methods that must.',
  }),
  csrfInCookies: setting({
    name: 'JWT_CSRF_IN_COOKIES',
    parse: flag,
    default: 'true',
    doc: 'Whether the CSRF values are also set as cookies that scripts can read; they are in the body of the response in any case.',
  }),
  csrfCheckForm: setting({
    name: 'JWT_CSRF_CHECK_FORM',
    parse: flag,
    default: 'false',
    doc: 'Whether the value may come as a field of a form instead.',
  }),
  accessCsrfHeaderName: setting({
    name: 'JWT_ACCESS_CSRF_HEADER_NAME',
    parse: token,
    default: 'X-CSRF-TOKEN',
    doc: 'The header for the access cookie’s CSRF value.',
  }),
  refreshCsrfHeaderName: setting({
    name: 'JWT_REFRESH_CSRF_HEADER_NAME',
    parse: token,
    default: 'X-CSRF-TOKEN',
    doc: 'The header for the refresh cookie’s.',
  }),
  accessCsrfFieldName: setting({
    name: 'JWT_ACCESS_CSRF_FIELD_NAME',
    parse: token,
    default: 'csrf_token',
    doc: 'The form field for the access cookie’s CSRF value.',
  }),
  refreshCsrfFieldName: setting({
    name: 'JWT_REFRESH_CSRF_FIELD_NAME',
    parse: token,
    default: 'csrf_token',
    doc: 'The form field for the refresh cookie’s.',
  }),
  accessCsrfCookieName: setting({
    name: 'JWT_ACCESS_CSRF_COOKIE_NAME',
    parse: token,
    default: 'csrf_access_token',
    doc: 'The cookie with the access cookie’s CSRF value.',
  }),
  refreshCsrfCookieName: setting({
    name: 'JWT_REFRESH_CSRF_COOKIE_NAME',
    parse: token,
    default: 'csrf_refresh_token',
    doc: 'The cookie with the refresh cookie’s.',
  }),
  accessCsrfCookiePath: setting({
    name: 'JWT_ACCESS_CSRF_COOKIE_PATH',
    parse: cookiePath,
    default: '/',
    doc: 'Its path.',
  }),
  refreshCsrfCookiePath: setting({
    name: 'JWT_REFRESH_CSRF_COOKIE_PATH',
    parse: cookiePath,
    default: '/',
    doc: 'Its path.',
  }),
  sessionLifetime: setting({
    name: 'LATCHKEY_SESSION_LIFETIME',
    parse: duration(0, 3650 * 86_400),
    default: '0',
    defaultInWords: '0: as long as it is refreshed',
    doc: 'Maximum lifetime of a session, however often it is refreshed.',
  }),
  sessionLimit: setting({
    name: 'LATCHKEY_SESSION_LIMIT',
    parse: wholeNumber(0, 100_000),
    default: '0',
    defaultInWords: '0: no limit',
    doc: 'Maximum number of sessions per user; a login beyond that ends the oldest.',
  }),
  refreshGrace: setting({
    name: 'LATCHKEY_REFRESH_GRACE',
    parse: duration(0, 300),
    default: '10s',
    doc: 'How long a refresh token that was just replaced still gives the same successor, so that two tabs or a lost response log nobody out.',
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
    doc: 'How many password checks may wait for a free core; beyond that the response is 503 with `Retry-After`.',
  }),
  oneTimePasswordExpires: setting({
    name: 'LATCHKEY_ONE_TIME_PASSWORD_EXPIRES',
    parse: duration(60, 365 * 86_400),
    default: '24h',
    doc: 'How long a one-time password is valid, for one login with which the user chooses another. The first start and `npx latchkey users reset-password <name>` give one; an administrator sets one with `one_time`.',
  }),
  oneTimePasswords: setting({
    name: 'LATCHKEY_ONE_TIME_PASSWORDS',
    parse: flag,
    default: 'false',
    doc: 'Whether a password that an administrator sets is a one-time password where the request does not have `one_time`.',
  }),
  loginFreeAttempts: setting({
    name: 'LATCHKEY_LOGIN_FREE_ATTEMPTS',
    parse: wholeNumber(0, 1_000_000),
    default: '5',
    doc: 'How many failed logins for one account cause no wait.',
  }),
  loginFreeAttemptsPerAddress: setting({
    name: 'LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS',
    parse: wholeNumber(0, 1_000_000),
    default: '5',
    doc: 'How many failed logins from one address cause no wait. Users who have logged in from it before are not affected.',
  }),
  loginFreeAttemptsPerSite: setting({
    name: 'LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_SITE',
    parse: wholeNumber(0, 1_000_000),
    default: '100',
    doc: 'The same for a whole /48 of IPv6, of which each /64 counts as one address.',
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
    doc: 'The maximum wait after failed logins.',
  }),
  loginMemory: setting({
    name: 'LATCHKEY_LOGIN_MEMORY',
    parse: duration(60, 30 * 86_400),
    default: '24h',
    doc: 'Time without a failure after which failed logins are forgotten.',
  }),
  loginLimit: setting({
    name: 'LATCHKEY_LOGIN_LIMIT',
    parse: wholeNumber(0, 1_000_000),
    default: '0',
    defaultInWords: '0: no limit',
    doc: 'How many logins per minute, including successful ones, each process accepts from one address.',
  }),
  refreshLimit: setting({
    name: 'LATCHKEY_REFRESH_LIMIT',
    parse: wholeNumber(0, 1_000_000),
    default: '0',
    defaultInWords: '0: no limit',
    doc: 'How many refreshes per minute each process accepts from one address.',
  }),
};

import { parseSyslogReceiver, parseWebhookSecrets, parseWebhookUrl } from './audit-receivers.js';
import { parseDatabaseUrl } from '../database/database-url.js';
import {
  parseAudiences,
  parseCookieDomain,
  parseCookiePath,
  createDurationParser,
  parseFlag,
  parseHttpMethods,
  createLifetimeParser,
  parseIssuerUrl,
  parseList,
  createListParser,
  parseLongSecret,
  parseMoment,
  parseNonEmpty,
  createChoiceParser,
  parseOrigins,
  parsePassword,
  parsePrivateKey,
  parseProxies,
  parseSecrets,
  parseToken,
  parseUsername,
  createWholeNumberParser,
} from './setting-parsers.js';
import { parseSecondFactor } from './second-factor-setting.js';
import { algorithms } from '../keys/algorithms.js';
import { accessTokenTypes } from '../tokens/access-token-types.js';
import { usernameRules } from '../usernames/username-rules.js';

export interface Setting<T> {
  readonly name: string;
  readonly parse: (text: string) => T;
  /** The text that is parsed if the variable is not set; without it the setting is `undefined`. */
  readonly default?: string;
  /** A description of the default, for the table, if it is not a fixed text. */
  readonly defaultInWords?: string;
  /** Whether messages must not repeat the value. */
  readonly secret?: boolean;
  /** The description in docs/settings.md. */
  readonly doc: string;
}

export type WithDefault<T> = Setting<T> & { readonly default: string };

function defineSetting<T>(definition: WithDefault<T>): WithDefault<T>;
function defineSetting<T>(definition: Setting<T>): Setting<T>;
function defineSetting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

/** All settings. The table in docs/settings.md is generated from them. */
export const settings = {
  port: defineSetting({
    name: 'PORT',
    parse: createWholeNumberParser(0, 65_535),
    default: '3000',
    doc: 'The TCP port to listen on; 0 takes any free one.',
  }),
  host: defineSetting({
    name: 'HOST',
    parse: parseNonEmpty,
    default: '127.0.0.1',
    doc: 'The address to listen on; `0.0.0.0` or `::` for all of them.',
  }),
  listen: defineSetting({
    name: 'LATCHKEY_LISTEN',
    parse: createChoiceParser('at_start', 'when_ready'),
    default: 'at_start',
    doc: 'When a start begins to listen: `at_start`, with 503 and `Retry-After` until it is ready; `when_ready`, for load balancers that try the next replica where nothing listens ([deployment](deployment.md)).',
  }),
  maxConnections: defineSetting({
    name: 'LATCHKEY_MAX_CONNECTIONS',
    parse: createWholeNumberParser(1, 1_000_000),
    defaultInWords: '10000, or what the limit on open files leaves',
    doc: 'Maximum number of connections. One more takes the place of one that waits for its client; if none does, it is closed ([connections](connections.md)).',
  }),
  requestTimeout: defineSetting({
    name: 'LATCHKEY_REQUEST_TIMEOUT',
    parse: createDurationParser(1, 300),
    default: '30s',
    doc: 'How long a request may take to arrive, its body included; beyond that the response is 408. A client that reads nothing of a response for twice as long is cut off.',
  }),
  keepAliveTimeout: defineSetting({
    name: 'LATCHKEY_KEEP_ALIVE_TIMEOUT',
    parse: createDurationParser(1, 3600),
    default: '75s',
    doc: 'How long a connection is kept for its next request. It must be longer than the load balancer’s own limit: 60 seconds for nginx and for AWS.',
  }),
  shutdownDelay: defineSetting({
    name: 'LATCHKEY_SHUTDOWN_DELAY',
    parse: createDurationParser(0, 300),
    default: '0',
    doc: 'How long the port keeps responding after SIGTERM, while `GET /health/ready` is already 503. Under an orchestrator 5 seconds: its load balancers need a while to notice.',
  }),
  databaseUrl: defineSetting({
    name: 'DATABASE_URL',
    parse: parseDatabaseUrl,
    default: 'sqlite:data/latchkey.db',
    secret: true,
    doc: 'The database: `sqlite:<file>`, `sqlite::memory:` or `postgres://user:password@host:port/database`. Connections to PostgreSQL are not encrypted unless the URL says so: `?sslmode=verify-full` ([postgresql](postgresql.md)).',
  }),
  databasePool: defineSetting({
    name: 'LATCHKEY_DATABASE_POOL',
    parse: createWholeNumberParser(1, 1000),
    default: '10',
    doc: 'Maximum number of connections to PostgreSQL for a process’s requests. It has one more for changes by other replicas, and up to two for longer work.',
  }),
  databaseConnectTimeout: defineSetting({
    name: 'LATCHKEY_DATABASE_CONNECT_TIMEOUT',
    parse: createDurationParser(1, 60),
    default: '2s',
    doc: 'How long to wait for a connection to PostgreSQL, new or free; beyond that the response is 503 with `Retry-After`.',
  }),
  databaseStatementTimeout: defineSetting({
    name: 'LATCHKEY_DATABASE_STATEMENT_TIMEOUT',
    parse: createDurationParser(1, 60),
    default: '2s',
    doc: 'How long a request’s statement may take on PostgreSQL, or wait for another process that writes to the SQLite file; beyond that the response is 503 with `Retry-After`.',
  }),
  databaseWait: defineSetting({
    name: 'LATCHKEY_DATABASE_WAIT',
    parse: createDurationParser(0, 3600),
    default: '30s',
    doc: 'How long a start waits for PostgreSQL to respond.',
  }),
  revocationBound: defineSetting({
    name: 'LATCHKEY_REVOCATION_BOUND',
    parse: createDurationParser(1, 60),
    default: '2s',
    doc: 'Maximum time after a logout on another replica for which a token may still be accepted here. Normally it takes milliseconds; a replica that has not heard from the others for that long asks PostgreSQL for each request, and responds 503 if it gets no reply.',
  }),
  logLevel: defineSetting({
    name: 'LOG_LEVEL',
    parse: createChoiceParser('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    doc: 'How much is logged: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.',
  }),
  logFormat: defineSetting({
    name: 'LOG_FORMAT',
    parse: createChoiceParser('auto', 'json', 'text'),
    default: 'auto',
    doc: 'How the log is written: `json`, a JSON object a line; `text`, for people, which at the first start includes the one-time password; `auto`, text on a terminal and JSON elsewhere ([monitoring](monitoring.md#logs)).',
  }),
  requestLog: defineSetting({
    name: 'LATCHKEY_REQUEST_LOG',
    parse: parseFlag,
    default: 'false',
    doc: 'Whether each request is a line of the log at `info`: operation, status, duration, user, address, request id ([monitoring](monitoring.md#logs)). Otherwise it is one at `debug`.',
  }),
  metricsPort: defineSetting({
    name: 'LATCHKEY_METRICS_PORT',
    parse: createWholeNumberParser(0, 65_535),
    defaultInWords: 'none: `GET /metrics` requires the permission `metrics:read`',
    doc: 'A TCP port of its own for `/metrics`, without a token; 0 takes any free one ([monitoring](monitoring.md#metrics)).',
  }),
  metricsHost: defineSetting({
    name: 'LATCHKEY_METRICS_HOST',
    parse: parseNonEmpty,
    defaultInWords: 'what `HOST` says',
    doc: 'The address of `LATCHKEY_METRICS_PORT`.',
  }),
  issuer: defineSetting({
    name: 'LATCHKEY_ISSUER',
    parse: parseIssuerUrl,
    defaultInWords: 'on SQLite the listening address; on PostgreSQL it must be set',
    doc: 'The URL that clients know the service by: the tokens’ `iss` and `aud`. Tokens of another issuer are refused, so keep it.',
  }),
  secret: defineSetting({
    name: 'LATCHKEY_SECRET',
    parse: parseLongSecret,
    secret: true,
    defaultInWords: 'on SQLite a file made beside the database; on PostgreSQL it must be set',
    doc: 'Any string of 32 characters or more. It encrypts the keys in the database; without it they cannot be opened.',
  }),
  newSecret: defineSetting({
    name: 'LATCHKEY_NEW_SECRET',
    parse: parseLongSecret,
    secret: true,
    doc: 'The secret that `latchkey secret rotate` encrypts the keys with; the service does not read it.',
  }),
  trustedProxies: defineSetting({
    name: 'LATCHKEY_TRUSTED_PROXIES',
    parse: parseProxies,
    default: '',
    defaultInWords: 'none',
    doc: 'Proxies whose `X-Forwarded-*` headers and `X-Request-Id` are trusted: addresses, CIDR ranges, `loopback`, `linklocal` or `uniquelocal`, comma-separated.',
  }),
  corsOrigins: defineSetting({
    name: 'LATCHKEY_CORS_ORIGINS',
    parse: parseOrigins,
    default: '',
    defaultInWords: 'none: CORS is off',
    doc: 'Origins whose pages may call the service, comma-separated, or `*`. Named origins may send cookies where `JWT_TOKEN_LOCATION` has `cookies`; with `*` none are sent ([cookies](cookies.md)).',
  }),
  hstsIncludeSubDomains: defineSetting({
    name: 'LATCHKEY_HSTS_INCLUDE_SUBDOMAINS',
    parse: parseFlag,
    default: 'false',
    doc: 'Whether `Strict-Transport-Security`, which responses over HTTPS have, includes the subdomains of the host. They must all be served over HTTPS then, for a year.',
  }),
  usernames: defineSetting({
    name: 'LATCHKEY_USERNAMES',
    parse: createChoiceParser(...usernameRules),
    default: 'distinct',
    doc: 'Which usernames may be set. `distinct`: by RFC 8265 (letters, digits, ASCII punctuation, single spaces), of one script, and none that looks like another user’s (UTS 39). `precis`: by RFC 8265 alone. `any`: anything without control characters, and without white space at either end. Existing names keep working.',
  }),
  adminUsername: defineSetting({
    name: 'LATCHKEY_ADMIN_USERNAME',
    parse: parseUsername,
    default: 'admin',
    doc: 'Username of the administrator that the first start creates. Later starts do not read it.',
  }),
  adminPassword: defineSetting({
    name: 'LATCHKEY_ADMIN_PASSWORD',
    parse: parsePassword,
    secret: true,
    defaultInWords: 'a random one-time password: printed once on a terminal, elsewhere in a file',
    doc: 'Password of the administrator that the first start creates. Later starts do not read it.',
  }),
  algorithm: defineSetting({
    name: 'JWT_ALGORITHM',
    parse: createChoiceParser(...algorithms),
    default: 'ES256',
    doc: 'Algorithm that access tokens are signed with: `ES256`, `ES384`, `ES512`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, or with a shared secret `HS256`, `HS384`, `HS512`. A change publishes the new key first.',
  }),
  secretKey: defineSetting({
    name: 'JWT_SECRET_KEY',
    parse: parseNonEmpty,
    secret: true,
    doc: 'The shared secret of `HS256` (32 bytes or more), `HS384` (48) and `HS512` (64).',
  }),
  previousSecretKeys: defineSetting({
    name: 'JWT_PREVIOUS_SECRET_KEYS',
    parse: parseSecrets,
    default: '',
    defaultInWords: 'none',
    secret: true,
    doc: 'Earlier values of `JWT_SECRET_KEY`, comma-separated or as a JSON array, whose tokens are still accepted, whatever `JWT_ALGORITHM` is now.',
  }),
  privateKey: defineSetting({
    name: 'JWT_PRIVATE_KEY',
    parse: parsePrivateKey,
    secret: true,
    defaultInWords: 'a key is made, and rotated',
    doc: 'A private key of your own, as PEM, as a JWK, or as the path of a file with either. It is stored in the key ring and signs; rotating it is then up to you.',
  }),
  keyRotation: defineSetting({
    name: 'LATCHKEY_KEY_ROTATION',
    parse: createDurationParser(0, 3650 * 86_400),
    default: '90d',
    doc: 'Age at which a key is replaced, without a failed request; 0: only `latchkey keys rotate` replaces it.',
  }),
  auditRetention: defineSetting({
    name: 'LATCHKEY_AUDIT_RETENTION',
    parse: createDurationParser(0, 36_500 * 86_400),
    default: '400d',
    doc: 'How long rows of the [audit](audit.md) are kept, in whole days: a year and a month, so that a yearly review finds all of the year before; 0: for ever.',
  }),
  jwksMaxAge: defineSetting({
    name: 'LATCHKEY_JWKS_MAX_AGE',
    parse: createDurationParser(0, 86_400),
    default: '5m',
    doc: 'How long other services may cache `/.well-known/jwks.json`. A new key is published for that long and a minute more before it signs.',
  }),
  revocationStreams: defineSetting({
    name: 'LATCHKEY_REVOCATION_STREAMS',
    parse: createWholeNumberParser(0, 100_000),
    default: '1000',
    doc: 'Maximum number of open revocation streams (`GET /revocations/stream`): each process of another service that checks tokens has one.',
  }),
  revocationStreamsPerClient: defineSetting({
    name: 'LATCHKEY_REVOCATION_STREAMS_PER_CLIENT',
    parse: createWholeNumberParser(1, 100_000),
    default: '100',
    doc: 'Maximum number of open revocation streams per client or user, so that none takes all; beyond that the response is 429.',
  }),
  auditStreams: defineSetting({
    name: 'LATCHKEY_AUDIT_STREAMS',
    parse: createWholeNumberParser(0, 10_000),
    default: '100',
    doc: 'Maximum number of open audit streams (`GET /audit/stream`), of which a client or user may have ten.',
  }),
  auditWebhookUrl: defineSetting({
    name: 'LATCHKEY_AUDIT_WEBHOOK_URL',
    parse: parseWebhookUrl,
    defaultInWords: 'none',
    secret: true,
    doc: 'The `https` URL that the audit is posted to ([audit](audit.md#webhook)). `http` is accepted for the machine itself.',
  }),
  auditWebhookSecret: defineSetting({
    name: 'LATCHKEY_AUDIT_WEBHOOK_SECRET',
    parse: parseWebhookSecrets,
    default: '',
    defaultInWords: 'none',
    secret: true,
    doc: 'The secret that the webhook’s requests are signed with: `whsec_` and base64, or any string of 32 characters or more. While it changes several, comma-separated or as a JSON array: each request is signed with all of them.',
  }),
  auditSyslog: defineSetting({
    name: 'LATCHKEY_AUDIT_SYSLOG',
    parse: parseSyslogReceiver,
    defaultInWords: 'none',
    doc: 'The syslog receiver that the audit is sent to, such as `tls://logs.example.com:6514` ([audit](audit.md#syslog)); also `tcp://` and `udp://`.',
  }),
  auditSyslogFormat: defineSetting({
    name: 'LATCHKEY_AUDIT_SYSLOG_FORMAT',
    parse: createChoiceParser('rfc5424', 'cef'),
    default: 'rfc5424',
    doc: 'What a syslog message says: `rfc5424`, structured data, or `cef`, the Common Event Format.',
  }),
  accessTokenExpires: defineSetting({
    name: 'JWT_ACCESS_TOKEN_EXPIRES',
    parse: createLifetimeParser(86_400),
    default: '15m',
    doc: 'How long an access token lives: seconds, or a number with `s`, `m`, `h` or `d`; at most a day.',
  }),
  refreshTokenExpires: defineSetting({
    name: 'JWT_REFRESH_TOKEN_EXPIRES',
    parse: createLifetimeParser(400 * 86_400),
    default: '30d',
    doc: 'How long a refresh token lives; each refresh returns a new one with the full lifetime.',
  }),
  decodeLeeway: defineSetting({
    name: 'JWT_DECODE_LEEWAY',
    parse: createDurationParser(0, 300),
    default: '0',
    doc: 'By how much the clocks of the machines that issue and check tokens may differ; at most five minutes.',
  }),
  decodeLegacy: defineSetting({
    name: 'JWT_DECODE_LEGACY',
    parse: createChoiceParser('flask-jwt-extended'),
    doc: '`flask-jwt-extended` also accepts the tokens that a Flask application issued with the same `JWT_SECRET_KEY`, for users who were imported from it ([moving](migrate-from-flask.md)). It needs `JWT_DECODE_LEGACY_UNTIL`.',
  }),
  decodeLegacyUntil: defineSetting({
    name: 'JWT_DECODE_LEGACY_UNTIL',
    parse: parseMoment,
    doc: 'When the acceptance of those tokens ends, such as `2027-01-31` (UTC): the day after the last one has expired.',
  }),
  encodeAudience: defineSetting({
    name: 'JWT_ENCODE_AUDIENCE',
    parse: parseAudiences,
    default: '',
    defaultInWords: 'the issuer',
    doc: 'Default audience (`aud`) of access tokens, comma-separated. A client may ask for one of them with `resource` (RFC 8707).',
  }),
  decodeAudience: defineSetting({
    name: 'JWT_DECODE_AUDIENCE',
    parse: parseList,
    default: '',
    defaultInWords: 'what `JWT_ENCODE_AUDIENCE` says',
    doc: 'Audiences whose tokens the protected operations here accept, comma-separated.',
  }),
  decodeIssuer: defineSetting({
    name: 'JWT_DECODE_ISSUER',
    parse: parseList,
    default: '',
    defaultInWords: 'none',
    doc: 'Further issuers whose tokens are accepted, comma-separated: an earlier `LATCHKEY_ISSUER`, for as long as its tokens live.',
  }),
  clientAssertionAudience: defineSetting({
    name: 'LATCHKEY_CLIENT_ASSERTION_AUDIENCE',
    parse: createChoiceParser('issuer', 'rfc7523'),
    default: 'issuer',
    doc: 'Required `aud` of a client’s assertion (`private_key_jwt`): `issuer`, the issuer alone; `rfc7523`, for older clients, the issuer or the token endpoint, among others. With the latter, another service that the client trusts can obtain an assertion that is valid here.',
  }),
  accessTokenType: defineSetting({
    name: 'JWT_ACCESS_TOKEN_TYPE',
    parse: createChoiceParser(...accessTokenTypes),
    default: 'at+jwt',
    doc: 'The `typ` in the header of access tokens: `at+jwt` (RFC 9068), or `JWT` for libraries that refuse all others ([which do](resource-servers.md)); their claim `token_use` is then `access_token`. Tokens of both types are accepted.',
  }),
  encodeNotBefore: defineSetting({
    name: 'JWT_ENCODE_NBF',
    parse: parseFlag,
    default: 'true',
    doc: 'Whether access tokens have `nbf`, the time from which they are valid.',
  }),
  tokenLocations: defineSetting({
    name: 'JWT_TOKEN_LOCATION',
    parse: createListParser('headers', 'cookies', 'query_string', 'json'),
    default: 'headers',
    doc: 'Where access tokens are looked for, in this order: `headers`, `cookies`, `query_string`, `json`. The last two leave tokens in logs and histories, and are for clients that cannot use the others.',
  }),
  headerName: defineSetting({
    name: 'JWT_HEADER_NAME',
    parse: parseToken,
    default: 'Authorization',
    doc: 'The header that carries the access token.',
  }),
  headerType: defineSetting({
    name: 'JWT_HEADER_TYPE',
    parse: parseToken,
    default: 'Bearer',
    doc: 'The scheme before the token in the header of `JWT_HEADER_NAME`, in `token_type` and in the challenge of `WWW-Authenticate`; `none`: the header is the token alone (`token_type` and the challenge say `Bearer`).',
  }),
  queryStringName: defineSetting({
    name: 'JWT_QUERY_STRING_NAME',
    parse: parseToken,
    default: 'jwt',
    doc: 'The query parameter that carries the access token.',
  }),
  queryStringValuePrefix: defineSetting({
    name: 'JWT_QUERY_STRING_VALUE_PREFIX',
    parse: parseNonEmpty,
    defaultInWords: 'nothing',
    doc: 'Text before the token in the query parameter.',
  }),
  jsonKey: defineSetting({
    name: 'JWT_JSON_KEY',
    parse: parseToken,
    default: 'access_token',
    doc: 'The field of a JSON body that carries the access token.',
  }),
  accessCookieName: defineSetting({
    name: 'JWT_ACCESS_COOKIE_NAME',
    parse: parseToken,
    default: 'access_token_cookie',
    doc: 'Name of the access token’s cookie. Where browsers allow it (`Secure`, path `/`, no domain) its name gets the prefix `__Host-`, otherwise with `Secure` the prefix `__Secure-`.',
  }),
  refreshCookieName: defineSetting({
    name: 'JWT_REFRESH_COOKIE_NAME',
    parse: parseToken,
    default: 'refresh_token_cookie',
    doc: 'Name of the refresh token’s cookie; it gets the same prefixes.',
  }),
  accessCookiePath: defineSetting({
    name: 'JWT_ACCESS_COOKIE_PATH',
    parse: parseCookiePath,
    default: '/',
    doc: 'Path attribute of the access cookie.',
  }),
  refreshCookiePath: defineSetting({
    name: 'JWT_REFRESH_COOKIE_PATH',
    parse: parseCookiePath,
    default: '/',
    doc: 'Path attribute of the refresh cookie.',
  }),
  cookieSecure: defineSetting({
    name: 'JWT_COOKIE_SECURE',
    parse: parseFlag,
    default: 'true',
    doc: 'Whether cookies are sent over HTTPS only; browsers treat `http://localhost` like HTTPS.',
  }),
  cookieDomain: defineSetting({
    name: 'JWT_COOKIE_DOMAIN',
    parse: parseCookieDomain,
    defaultInWords: 'the host that responded',
    doc: 'Domain attribute of the cookies.',
  }),
  cookieSameSite: defineSetting({
    name: 'JWT_COOKIE_SAMESITE',
    parse: createChoiceParser('Strict', 'Lax', 'None'),
    default: 'Lax',
    doc: 'Whether pages of other sites send the cookies: `Strict`, `Lax` or `None`.',
  }),
  sessionCookie: defineSetting({
    name: 'JWT_SESSION_COOKIE',
    parse: parseFlag,
    default: 'true',
    doc: 'Whether the cookies end with the browser’s session; otherwise they last as long as the tokens.',
  }),
  csrfProtect: defineSetting({
    name: 'JWT_COOKIE_CSRF_PROTECT',
    parse: parseFlag,
    default: 'true',
    doc: 'Whether a request with cookies must repeat the token’s CSRF value in a header.',
  }),
  csrfMethods: defineSetting({
    name: 'JWT_CSRF_METHODS',
    parse: parseHttpMethods,
    default: 'POST, PUT, PATCH, DELETE',
    doc: 'HTTP methods whose requests must send the CSRF value.',
  }),
  csrfInCookies: defineSetting({
    name: 'JWT_CSRF_IN_COOKIES',
    parse: parseFlag,
    default: 'true',
    doc: 'Whether the CSRF values are also set as cookies that scripts can read; they are in the body of the response in any case.',
  }),
  csrfCheckForm: defineSetting({
    name: 'JWT_CSRF_CHECK_FORM',
    parse: parseFlag,
    default: 'false',
    doc: 'Whether the CSRF value may come as a field of a form instead of the header.',
  }),
  accessCsrfHeaderName: defineSetting({
    name: 'JWT_ACCESS_CSRF_HEADER_NAME',
    parse: parseToken,
    default: 'X-CSRF-TOKEN',
    doc: 'The header for the access cookie’s CSRF value.',
  }),
  refreshCsrfHeaderName: defineSetting({
    name: 'JWT_REFRESH_CSRF_HEADER_NAME',
    parse: parseToken,
    default: 'X-CSRF-TOKEN',
    doc: 'The header for the refresh cookie’s CSRF value.',
  }),
  accessCsrfFieldName: defineSetting({
    name: 'JWT_ACCESS_CSRF_FIELD_NAME',
    parse: parseToken,
    default: 'csrf_token',
    doc: 'The form field for the access cookie’s CSRF value.',
  }),
  refreshCsrfFieldName: defineSetting({
    name: 'JWT_REFRESH_CSRF_FIELD_NAME',
    parse: parseToken,
    default: 'csrf_token',
    doc: 'The form field for the refresh cookie’s CSRF value.',
  }),
  accessCsrfCookieName: defineSetting({
    name: 'JWT_ACCESS_CSRF_COOKIE_NAME',
    parse: parseToken,
    default: 'csrf_access_token',
    doc: 'The cookie with the access cookie’s CSRF value.',
  }),
  refreshCsrfCookieName: defineSetting({
    name: 'JWT_REFRESH_CSRF_COOKIE_NAME',
    parse: parseToken,
    default: 'csrf_refresh_token',
    doc: 'The cookie with the refresh cookie’s CSRF value.',
  }),
  accessCsrfCookiePath: defineSetting({
    name: 'JWT_ACCESS_CSRF_COOKIE_PATH',
    parse: parseCookiePath,
    default: '/',
    doc: 'Path attribute of the cookie with the access cookie’s CSRF value.',
  }),
  refreshCsrfCookiePath: defineSetting({
    name: 'JWT_REFRESH_CSRF_COOKIE_PATH',
    parse: parseCookiePath,
    default: '/',
    doc: 'Path attribute of the cookie with the refresh cookie’s CSRF value.',
  }),
  sessionLifetime: defineSetting({
    name: 'LATCHKEY_SESSION_LIFETIME',
    parse: createDurationParser(0, 3650 * 86_400),
    default: '0',
    defaultInWords: '0: as long as it is refreshed',
    doc: 'Maximum lifetime of a session, however often it is refreshed.',
  }),
  sessionLimit: defineSetting({
    name: 'LATCHKEY_SESSION_LIMIT',
    parse: createWholeNumberParser(0, 100_000),
    default: '0',
    defaultInWords: '0: no limit',
    doc: 'Maximum number of sessions per user; a login beyond that ends the oldest.',
  }),
  refreshGrace: defineSetting({
    name: 'LATCHKEY_REFRESH_GRACE',
    parse: createDurationParser(0, 300),
    default: '10s',
    doc: 'How long a refresh token that was just replaced still returns the same successor, so that two tabs or a lost response do not log the user out.',
  }),
  passwordMemoryCost: defineSetting({
    name: 'LATCHKEY_PASSWORD_MEMORY_COST',
    parse: createWholeNumberParser(8, 4_194_304),
    default: '19456',
    doc: 'Memory that argon2id uses for a password, in KiB.',
  }),
  passwordTimeCost: defineSetting({
    name: 'LATCHKEY_PASSWORD_TIME_COST',
    parse: createWholeNumberParser(1, 100),
    default: '2',
    doc: 'Number of passes of argon2id.',
  }),
  passwordParallelism: defineSetting({
    name: 'LATCHKEY_PASSWORD_PARALLELISM',
    parse: createWholeNumberParser(1, 64),
    default: '1',
    doc: 'Number of lanes of argon2id.',
  }),
  passwordQueue: defineSetting({
    name: 'LATCHKEY_PASSWORD_QUEUE',
    parse: createWholeNumberParser(0, 100_000),
    default: '100',
    doc: 'How many password checks may wait for a free core; beyond that the response is 503 with `Retry-After`.',
  }),
  oneTimePasswordExpires: defineSetting({
    name: 'LATCHKEY_ONE_TIME_PASSWORD_EXPIRES',
    parse: createDurationParser(60, 365 * 86_400),
    default: '24h',
    doc: 'How long a one-time password is valid, for one login with which the user chooses another. The first start and `npx latchkey users reset-password <name>` give one; an administrator sets one with `one_time`.',
  }),
  oneTimePasswords: defineSetting({
    name: 'LATCHKEY_ONE_TIME_PASSWORDS',
    parse: parseFlag,
    default: 'false',
    doc: 'Whether a password that an administrator sets is a one-time password where the request does not have `one_time`.',
  }),
  secondFactor: defineSetting({
    name: 'LATCHKEY_SECOND_FACTOR',
    parse: parseSecondFactor,
    default: 'optional',
    doc: 'Whether users log in with a second factor ([second factors](second-factors.md)): `off`, `optional` (who has one is asked for it), `required`, or `required-for:` and permissions with commas between them, for users who have one of them. Who must have one and has none can log in only to set it up.',
  }),
  totpIssuer: defineSetting({
    name: 'LATCHKEY_TOTP_ISSUER',
    parse: parseNonEmpty,
    defaultInWords: 'the host of the issuer URL',
    doc: 'The name of the service in authenticator apps.',
  }),
  rememberedDevices: defineSetting({
    name: 'LATCHKEY_REMEMBERED_DEVICES',
    parse: createDurationParser(0, 31_536_000),
    default: '0',
    doc: 'How long a browser whose user asked for it is not asked for a second factor again; 0: never.',
  }),
  loginFreeAttempts: defineSetting({
    name: 'LATCHKEY_LOGIN_FREE_ATTEMPTS',
    parse: createWholeNumberParser(0, 1_000_000),
    default: '5',
    doc: 'How many failed logins for one account cause no wait.',
  }),
  loginFreeAttemptsPerAddress: defineSetting({
    name: 'LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS',
    parse: createWholeNumberParser(0, 1_000_000),
    default: '5',
    doc: 'How many failed logins from one address cause no wait. Users who have logged in from it before are not affected.',
  }),
  loginFreeAttemptsPerSite: defineSetting({
    name: 'LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_SITE',
    parse: createWholeNumberParser(0, 1_000_000),
    default: '100',
    doc: 'How many failed logins from one /48 of IPv6 cause no wait; each /64 counts as one address.',
  }),
  loginFirstWait: defineSetting({
    name: 'LATCHKEY_LOGIN_FIRST_WAIT',
    parse: createDurationParser(1, 3600),
    default: '1s',
    doc: 'The wait after the first failed login beyond those that cause none; each further one doubles it.',
  }),
  loginLongestWait: defineSetting({
    name: 'LATCHKEY_LOGIN_LONGEST_WAIT',
    parse: createDurationParser(1, 86_400),
    default: '15m',
    doc: 'The maximum wait after failed logins.',
  }),
  loginMemory: defineSetting({
    name: 'LATCHKEY_LOGIN_MEMORY',
    parse: createDurationParser(60, 30 * 86_400),
    default: '24h',
    doc: 'Time without a failure after which failed logins are forgotten.',
  }),
  loginLimit: defineSetting({
    name: 'LATCHKEY_LOGIN_LIMIT',
    parse: createWholeNumberParser(0, 1_000_000),
    default: '0',
    defaultInWords: '0: no limit',
    doc: 'How many logins per minute, including successful ones, each process accepts from one address.',
  }),
  refreshLimit: defineSetting({
    name: 'LATCHKEY_REFRESH_LIMIT',
    parse: createWholeNumberParser(0, 1_000_000),
    default: '0',
    defaultInWords: '0: no limit',
    doc: 'How many refreshes per minute each process accepts from one address.',
  }),
};

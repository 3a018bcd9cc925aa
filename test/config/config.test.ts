import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { ConfigError, readConfig, findSettingWarnings, type Config } from '../../src/config/config.js';
import { settings } from '../../src/config/settings.js';

type Environment = Readonly<Record<string, string | undefined>>;

function listErrors(environment: Environment, reader?: 'service'): readonly string[] {
  try {
    readConfig(environment, reader);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors;
    throw error;
  }
}

describe('The settings', () => {
  it('needs an end and a secret for the tokens of a Flask application', () => {
    const legacy = { JWT_DECODE_LEGACY: 'flask-jwt-extended' };
    const errorsOf = (environment: Record<string, string>): string => {
      try {
        readConfig(environment, 'service');
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(errorsOf(legacy)).to.match(
      /JWT_DECODE_LEGACY_UNTIL must be set.*\nJWT_SECRET_KEY must be that of/,
    );
    expect(errorsOf({ ...legacy, JWT_DECODE_LEGACY_UNTIL: 'soon' })).to.match(
      /must be a day or a time in UTC/,
    );
    const settings = { ...legacy, JWT_DECODE_LEGACY_UNTIL: '2027-01-31', JWT_SECRET_KEY: 'x'.repeat(31) };
    expect(errorsOf(settings)).to.match(/forged by guessing/);
    expect(readConfig({ ...settings, JWT_SECRET_KEY: 'x'.repeat(32) }).decodeLegacyUntil).to.equal(
      Date.parse('2027-01-31'),
    );
  });

  it('warn of tokens of a Flask application that are not accepted any more', () => {
    const until = { JWT_DECODE_LEGACY_UNTIL: '2027-01-31' };
    const settings = { ...until, JWT_DECODE_LEGACY: 'flask-jwt-extended' };
    const end = Date.parse('2027-01-31T00:00Z');
    expect(findSettingWarnings(settings, end - 1)).to.be.empty;
    expect(findSettingWarnings(settings, end)).to.deep.equal([
      'JWT_DECODE_LEGACY_UNTIL is 2027-01-31, which is in the past: no token of the Flask application is accepted. Set the day after its last refresh token has expired, or remove JWT_DECODE_LEGACY.',
    ]);
    expect(findSettingWarnings(until, end)).to.be.empty;
    expect(findSettingWarnings({ ...settings, JWT_DECODE_LEGACY_UNTIL: 'soon' }, end)).to.be.empty;
  });

  it('have defaults with which the service runs', () => {
    expect(readConfig({})).to.deep.equal({
      port: 3000,
      host: '127.0.0.1',
      listen: 'at_start',
      maxConnections: undefined,
      requestTimeout: 30,
      keepAliveTimeout: 75,
      shutdownDelay: 0,
      databaseUrl: { kind: 'sqlite', file: 'data/latchkey.db' },
      databasePool: 10,
      databaseConnectTimeout: 2,
      databaseStatementTimeout: 2,
      databaseWait: 30,
      revocationBound: 2,
      logLevel: 'info',
      logFormat: 'auto',
      requestLog: false,
      metricsPort: undefined,
      metricsHost: undefined,
      issuer: undefined,
      secret: undefined,
      trustedProxies: [],
      corsOrigins: [],
      passkeyRpId: undefined,
      passkeyOrigins: [],
      hstsIncludeSubDomains: false,
      adminUsername: 'admin',
      adminPassword: undefined,
      accessTokenExpires: 900,
      algorithm: 'ES256',
      secretKey: undefined,
      previousSecretKeys: [],
      privateKey: undefined,
      keyRotation: 90 * 86_400,
      auditRetention: 400 * 86_400,
      jwksMaxAge: 300,
      revocationStreams: 1000,
      revocationStreamsPerClient: 100,
      newSecret: undefined,
      encodeAudience: [],
      decodeAudience: [],
      decodeIssuer: [],
      clientAssertionAudience: 'issuer',
      accessTokenType: 'at+jwt',
      encodeNotBefore: true,
      tokenLocations: ['headers'],
      headerName: 'Authorization',
      headerType: 'Bearer',
      queryStringName: 'jwt',
      queryStringValuePrefix: undefined,
      jsonKey: 'access_token',
      accessCookieName: 'access_token_cookie',
      refreshCookieName: 'refresh_token_cookie',
      accessCookiePath: '/',
      refreshCookiePath: '/',
      cookieSecure: true,
      cookieDomain: undefined,
      cookieSameSite: 'Lax',
      sessionCookie: true,
      csrfProtect: true,
      csrfMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
      csrfInCookies: true,
      csrfCheckForm: false,
      accessCsrfHeaderName: 'X-CSRF-TOKEN',
      refreshCsrfHeaderName: 'X-CSRF-TOKEN',
      accessCsrfFieldName: 'csrf_token',
      refreshCsrfFieldName: 'csrf_token',
      accessCsrfCookieName: 'csrf_access_token',
      refreshCsrfCookieName: 'csrf_refresh_token',
      accessCsrfCookiePath: '/',
      refreshCsrfCookiePath: '/',
      sessionLifetime: 0,
      sessionLimit: 0,
      refreshTokenExpires: 30 * 86_400,
      decodeLeeway: 0,
      decodeLegacy: undefined,
      decodeLegacyUntil: undefined,
      refreshGrace: 10,
      passwordMemoryCost: 19_456,
      passwordTimeCost: 2,
      passwordParallelism: 1,
      passwordQueue: 100,
      appUrl: undefined,
      invitationExpires: 604_800,
      registration: { mode: 'off', domains: [] },
      registrationEmail: 'required',
      registrationRoles: [],
      registrationLimit: 10,
      registrationsPerHour: 1000,
      passwordContextWords: [],
      passwordCheckLimit: 60,
      breachCheck: undefined,
      breachCheckTimeout: 2,
      breachCheckUnavailable: 'accept',
      oneTimePasswordExpires: 86_400,
      oneTimePasswords: false,
      secondFactor: { mode: 'optional', permissions: [] },
      totpIssuer: undefined,
      rememberedDevices: 0,
      newLoginMessages: true,
      loginFreeAttempts: 5,
      loginFreeAttemptsPerAddress: 5,
      loginFreeAttemptsPerSite: 100,
      usernames: 'distinct',
      loginFirstWait: 1,
      loginLongestWait: 900,
      loginMemory: 86_400,
      loginLimit: 0,
      refreshLimit: 0,
      auditStreams: 100,
      auditWebhookUrl: undefined,
      auditWebhookSecret: [],
      auditSyslog: undefined,
      auditSyslogFormat: 'rfc5424',
      auditSyslogFraming: 'octet_counting',
      smtpUrl: undefined,
      mailFrom: { name: 'Latchkey', address: 'no-reply@localhost' },
      mailLanguage: 'en',
      recoveryLimit: 10,
      loginLinks: false,
      devMail: 'auto',
      emailLocalPart: 'any_case',
      mailTemplates: undefined,
    } satisfies Config);
  });

  it('are not set if they are empty', () => {
    const empty = Object.fromEntries(Object.values(settings).map(({ name }) => [name, '']));
    expect(readConfig(empty)).to.deep.equal(readConfig({}));
  });

  it('have unique names', () => {
    const names = Object.values(settings).map(({ name }) => name);
    expect(new Set(names)).to.have.property('size', names.length);
  });
});

const ownKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;

const flags: readonly (readonly [string, boolean])[] = [
  ['true', true],
  ['No', false],
  ['1', true],
  ['0', false],
];
const cookieNames = Object.values(settings)
  .map(({ name }) => name)
  .filter((name) => /_COOKIE_NAME$|_CSRF_(HEADER|FIELD)_NAME$/.test(name));
const cookiePaths = Object.values(settings)
  .map(({ name }) => name)
  .filter((name) => name.endsWith('_COOKIE_PATH'));

const smtp = (given: object): object => ({
  host: 'smtp.example.com',
  port: 587,
  user: undefined,
  password: undefined,
  ...given,
});

/** Setting → others that must be set with it. */
const companions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LATCHKEY_AUDIT_WEBHOOK_URL: { LATCHKEY_AUDIT_WEBHOOK_SECRET: 'x'.repeat(32) },
  LATCHKEY_SMTP_URL: {
    LATCHKEY_MAIL_FROM: 'no-reply@example.com',
    LATCHKEY_APP_URL: 'https://app.example.com',
  },
};

/** Setting → texts that are valid → their values. */
const good: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
  PORT: [
    ['0', 0],
    ['8080', 8080],
    ['65535', 65_535],
  ],
  HOST: [
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['localhost', 'localhost'],
  ],
  LATCHKEY_LISTEN: ['at_start', 'when_ready'].map((when) => [when, when]),
  LATCHKEY_MAX_CONNECTIONS: [
    ['1', 1],
    ['1000000', 1_000_000],
  ],
  LATCHKEY_REQUEST_TIMEOUT: [
    ['1', 1],
    ['5m', 300],
  ],
  LATCHKEY_KEEP_ALIVE_TIMEOUT: [
    ['1', 1],
    ['1h', 3600],
  ],
  LATCHKEY_SHUTDOWN_DELAY: [
    ['0', 0],
    ['5m', 300],
  ],
  DATABASE_URL: [
    ['sqlite:data/x.db', { kind: 'sqlite', file: 'data/x.db' }],
    ['sqlite:./x.db', { kind: 'sqlite', file: './x.db' }],
    ['sqlite:/abs/x.db', { kind: 'sqlite', file: '/abs/x.db' }],
    ['sqlite:///abs/x.db', { kind: 'sqlite', file: '/abs/x.db' }],
    ['sqlite:////abs/x.db', { kind: 'sqlite', file: '/abs/x.db' }],
    ['sqlite://data/x.db', { kind: 'sqlite', file: 'data/x.db' }],
    ['sqlite::memory:', { kind: 'sqlite', file: ':memory:' }],
    ['sqlite://:memory:', { kind: 'sqlite', file: ':memory:' }],
  ],
  LATCHKEY_DATABASE_POOL: [
    ['1', 1],
    ['1000', 1000],
  ],
  LATCHKEY_DATABASE_CONNECT_TIMEOUT: [
    ['1', 1],
    ['1m', 60],
  ],
  LATCHKEY_DATABASE_STATEMENT_TIMEOUT: [
    ['1', 1],
    ['1m', 60],
  ],
  LATCHKEY_DATABASE_WAIT: [
    ['0', 0],
    ['5m', 300],
  ],
  LATCHKEY_REVOCATION_BOUND: [
    ['1', 1],
    ['60s', 60],
  ],
  LOG_LEVEL: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => [level, level]),
  LATCHKEY_METRICS_PORT: [
    ['0', 0],
    ['9464', 9464],
  ],
  LATCHKEY_METRICS_HOST: [['127.0.0.1', '127.0.0.1']],
  LATCHKEY_AUDIT_STREAMS: [
    ['0', 0],
    ['10000', 10_000],
  ],
  LATCHKEY_AUDIT_WEBHOOK_URL: [
    ['https://siem.example.com/in?token=1', 'https://siem.example.com/in?token=1'],
    ['http://127.0.0.1:8080/in', 'http://127.0.0.1:8080/in'],
    ['http://[::1]/', 'http://[::1]/'],
    ['http://localhost', 'http://localhost/'],
  ],
  LATCHKEY_AUDIT_WEBHOOK_SECRET: [
    ['x'.repeat(32), ['x'.repeat(32)]],
    [`whsec_${'Ab+/'.repeat(8)},${'y'.repeat(40)}`, [`whsec_${'Ab+/'.repeat(8)}`, 'y'.repeat(40)]],
  ],
  LATCHKEY_SMTP_URL: [
    [
      'smtp://ada%40example.com:a%2Fb@smtp.example.com',
      smtp({ tls: 'required', user: 'ada@example.com', password: 'a/b' }),
    ],
    ['smtp://smtp.example.com:25/?tls=optional', smtp({ port: 25, tls: 'optional' })],
    ['smtps://smtp.example.com', smtp({ port: 465, tls: 'implicit' })],
    ['smtp://localhost:1025', smtp({ host: 'localhost', port: 1025, tls: 'optional' })],
    ['smtp://[::1]:25', smtp({ host: '::1', port: 25, tls: 'optional' })],
  ],
  LATCHKEY_MAIL_FROM: [
    ['no-reply@Example.com', { name: undefined, address: 'no-reply@example.com' }],
    ['Example <no-reply@example.com>', { name: 'Example', address: 'no-reply@example.com' }],
    ['"Example, Inc." <no-reply@example.com>', { name: 'Example, Inc.', address: 'no-reply@example.com' }],
  ],
  LATCHKEY_EMAIL_LOCAL_PART: ['any_case', 'exact'].map((rule) => [rule, rule]),
  LATCHKEY_DEV_MAIL: ['auto', 'on', 'off'].map((when) => [when, when]),
  LATCHKEY_RECOVERY_LIMIT: [
    ['0', 0],
    ['5', 5],
  ],
  LATCHKEY_MAIL_LANGUAGE: ['de', 'pt-BR'].map((tag) => [tag, tag]),
  LATCHKEY_MAIL_TEMPLATES: [['messages', 'messages']],
  LATCHKEY_AUDIT_SYSLOG: [
    ['tls://logs.example.com', { transport: 'tls', host: 'logs.example.com', port: 6514 }],
    ['tcp://logs:6514', { transport: 'tcp', host: 'logs', port: 6514 }],
    ['udp://[2001:db8::1]:514/', { transport: 'udp', host: '2001:db8::1', port: 514 }],
    ['udp://192.0.2.1', { transport: 'udp', host: '192.0.2.1', port: 514 }],
    ['tcp://logs:80', { transport: 'tcp', host: 'logs', port: 80 }],
  ],
  LATCHKEY_AUDIT_SYSLOG_FORMAT: [
    ['rfc5424', 'rfc5424'],
    ['cef', 'cef'],
  ],
  LATCHKEY_AUDIT_SYSLOG_FRAMING: ['octet_counting', 'newline'].map((framing) => [framing, framing]),
  LATCHKEY_ISSUER: [
    ['https://login.example.com', 'https://login.example.com'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['https://example.com/login//', 'https://example.com/login'],
  ],
  LATCHKEY_SECRET: [
    ['x'.repeat(32), 'x'.repeat(32)],
    [' and spaces count, at both its ends ', ' and spaces count, at both its ends '],
  ],
  LATCHKEY_TRUSTED_PROXIES: [
    ['loopback', ['loopback']],
    [' 10.0.0.0/8 , fd00::/8,uniquelocal,', ['10.0.0.0/8', 'fd00::/8', 'uniquelocal']],
  ],
  LATCHKEY_PASSKEY_RP_ID: [
    ['example.com', 'example.com'],
    ['localhost', 'localhost'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['off', 'off'],
  ],
  LATCHKEY_PASSKEY_ORIGINS: [
    [
      'https://example.com, https://a.example.com:8443',
      ['https://example.com', 'https://a.example.com:8443'],
    ],
    ['http://localhost:3000', ['http://localhost:3000']],
    ['https://example.com,android:apk-key-hash:Ab_-1', ['https://example.com', 'android:apk-key-hash:Ab_-1']],
  ],
  LATCHKEY_CORS_ORIGINS: [
    ['*', ['*']],
    ['https://app.example.com, http://localhost:5173', ['https://app.example.com', 'http://localhost:5173']],
  ],
  LOG_FORMAT: ['auto', 'json', 'text'].map((format) => [format, format]),
  LATCHKEY_REQUEST_LOG: flags,
  LATCHKEY_HSTS_INCLUDE_SUBDOMAINS: flags,
  LATCHKEY_LOGIN_LINKS: flags,
  LATCHKEY_NEW_LOGIN_MESSAGES: flags,
  LATCHKEY_USERNAMES: [
    ['distinct', 'distinct'],
    ['precis', 'precis'],
    ['any', 'any'],
  ],
  LATCHKEY_ADMIN_USERNAME: [
    ['root', 'root'],
    ['Ada Lovelace', 'Ada Lovelace'],
    ['x'.repeat(200), 'x'.repeat(200)],
  ],
  LATCHKEY_ADMIN_PASSWORD: [[' spaces count ', ' spaces count ']],
  LATCHKEY_NEW_SECRET: [['x'.repeat(32), 'x'.repeat(32)]],
  JWT_ALGORITHM: [
    ['ES384', 'ES384'],
    ['PS512', 'PS512'],
  ],
  JWT_SECRET_KEY: [['a secret', 'a secret']],
  JWT_PREVIOUS_SECRET_KEYS: [[`${'a'.repeat(32)}, ${'b'.repeat(64)}`, ['a'.repeat(32), 'b'.repeat(64)]]],
  JWT_PRIVATE_KEY: [[ownKey, ownKey]],
  JWT_ENCODE_AUDIENCE: [['reports, https://api.example.com', ['reports', 'https://api.example.com']]],
  JWT_DECODE_AUDIENCE: [['reports', ['reports']]],
  JWT_DECODE_ISSUER: [['https://old.example.com', ['https://old.example.com']]],
  LATCHKEY_CLIENT_ASSERTION_AUDIENCE: [
    ['issuer', 'issuer'],
    ['rfc7523', 'rfc7523'],
  ],
  JWT_ENCODE_NBF: flags,
  JWT_ACCESS_TOKEN_TYPE: [
    ['at+jwt', 'at+jwt'],
    ['JWT', 'JWT'],
  ],
  JWT_TOKEN_LOCATION: [
    ['cookies, headers', ['cookies', 'headers']],
    ['json,query_string', ['json', 'query_string']],
  ],
  JWT_HEADER_NAME: [['X-Token', 'X-Token']],
  JWT_HEADER_TYPE: [['JWT', 'JWT']],
  JWT_QUERY_STRING_NAME: [['token', 'token']],
  JWT_QUERY_STRING_VALUE_PREFIX: [['Bearer ', 'Bearer ']],
  JWT_JSON_KEY: [['token', 'token']],
  ...Object.fromEntries(cookieNames.map((name) => [name, [['a_name', 'a_name']]])),
  ...Object.fromEntries(cookiePaths.map((path) => [path, [['/api', '/api']]])),
  JWT_COOKIE_SECURE: flags,
  JWT_COOKIE_DOMAIN: [['example.com', 'example.com']],
  JWT_COOKIE_SAMESITE: [['Strict', 'Strict']],
  JWT_SESSION_COOKIE: flags,
  JWT_COOKIE_CSRF_PROTECT: flags,
  JWT_CSRF_METHODS: [['POST,GET', ['POST', 'GET']]],
  JWT_CSRF_IN_COOKIES: flags,
  JWT_CSRF_CHECK_FORM: flags,
  LATCHKEY_SESSION_LIFETIME: [['90d', 90 * 86_400]],
  LATCHKEY_SESSION_LIMIT: [['5', 5]],
  LATCHKEY_KEY_ROTATION: [
    ['0', 0],
    ['1d', 86_400],
  ],
  LATCHKEY_AUDIT_RETENTION: [
    ['0', 0],
    ['30d', 30 * 86_400],
  ],
  LATCHKEY_JWKS_MAX_AGE: [['1h', 3600]],
  LATCHKEY_REVOCATION_STREAMS: [['0', 0]],
  LATCHKEY_REVOCATION_STREAMS_PER_CLIENT: [['1', 1]],
  JWT_ACCESS_TOKEN_EXPIRES: [
    ['1', 1],
    ['90s', 90],
    ['15m', 900],
    ['24h', 86_400],
    ['1d', 86_400],
  ],
  JWT_REFRESH_TOKEN_EXPIRES: [
    ['1', 1],
    ['400d', 400 * 86_400],
  ],
  JWT_DECODE_LEGACY: [['flask-jwt-extended', 'flask-jwt-extended']],
  JWT_DECODE_LEGACY_UNTIL: [
    ['2027-01-31', Date.parse('2027-01-31')],
    ['2027-01-31T12:00Z', Date.parse('2027-01-31T12:00Z')],
  ],
  JWT_DECODE_LEEWAY: [
    ['0', 0],
    ['5m', 300],
  ],
  LATCHKEY_REFRESH_GRACE: [
    ['0', 0],
    ['300', 300],
  ],
  LATCHKEY_PASSWORD_MEMORY_COST: [
    ['8', 8],
    ['65536', 65_536],
  ],
  LATCHKEY_PASSWORD_TIME_COST: [['1', 1]],
  LATCHKEY_PASSWORD_PARALLELISM: [['4', 4]],
  LATCHKEY_PASSWORD_QUEUE: [['0', 0]],
  LATCHKEY_APP_URL: [['https://app.example.com/', 'https://app.example.com']],
  LATCHKEY_INVITATION_EXPIRES: [['1h', 3600]],
  LATCHKEY_REGISTRATION: [
    ['open', { mode: 'open', domains: [] }],
    ['invitation', { mode: 'invitation', domains: [] }],
    [
      'domains:Example.com, münchen.example',
      { mode: 'domains', domains: ['example.com', 'xn--mnchen-3ya.example'] },
    ],
  ],
  LATCHKEY_REGISTRATION_EMAIL: [['optional', 'optional']],
  LATCHKEY_REGISTRATION_ROLES: [['member, reader', ['member', 'reader']]],
  LATCHKEY_REGISTRATION_LIMIT: [['0', 0]],
  LATCHKEY_REGISTRATIONS_PER_HOUR: [['1', 1]],
  LATCHKEY_PASSWORD_CONTEXT_WORDS: [['Acme, Straußwirt', ['Acme', 'Straußwirt']]],
  LATCHKEY_PASSWORD_CHECK_LIMIT: [['0', 0]],
  LATCHKEY_BREACH_CHECK: [
    ['https://api.pwnedpasswords.com/range/', { kind: 'api', url: 'https://api.pwnedpasswords.com/range/' }],
    ['http://localhost:8080/range', { kind: 'api', url: 'http://localhost:8080/range/' }],
    ['src', { kind: 'folder', path: 'src' }],
    ['package.json', { kind: 'file', path: 'package.json' }],
  ],
  LATCHKEY_BREACH_CHECK_TIMEOUT: [['30s', 30]],
  LATCHKEY_BREACH_CHECK_UNAVAILABLE: ['accept', 'refuse'].map((what) => [what, what]),
  LATCHKEY_LOGIN_FREE_ATTEMPTS: [['0', 0]],
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: [['1000', 1000]],
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_SITE: [['1000', 1000]],
  LATCHKEY_ONE_TIME_PASSWORD_EXPIRES: [['7d', 7 * 86_400]],
  LATCHKEY_ONE_TIME_PASSWORDS: flags,
  LATCHKEY_SECOND_FACTOR: [
    ['off', { mode: 'off', permissions: [] }],
    ['optional', { mode: 'optional', permissions: [] }],
    ['required', { mode: 'required', permissions: [] }],
    [
      'required-for:users:write, reports:read',
      { mode: 'required-for', permissions: ['users:write', 'reports:read'] },
    ],
  ],
  LATCHKEY_TOTP_ISSUER: [['My Shop', 'My Shop']],
  LATCHKEY_REMEMBERED_DEVICES: [
    ['0', 0],
    ['30d', 30 * 86_400],
  ],
  LATCHKEY_LOGIN_FIRST_WAIT: [['1h', 3600]],
  LATCHKEY_LOGIN_LONGEST_WAIT: [['1d', 86_400]],
  LATCHKEY_LOGIN_MEMORY: [['30d', 30 * 86_400]],
  LATCHKEY_LOGIN_LIMIT: [['60', 60]],
  LATCHKEY_REFRESH_LIMIT: [['60', 60]],
};

const notNumbers = ['-1', '1.5', '1e3', '0x10', ' 1', 'many', '٣'];
const notDurations = ['-1', '1.5h', '15 m', '15M', '1w', 'm', 'never', 'false'];

/** Setting → texts that are not valid. */
const bad: Readonly<Record<string, readonly string[]>> = {
  PORT: ['65536', '3000 ', ...notNumbers],
  HOST: [' '],
  DATABASE_URL: [
    'data/latchkey.db',
    'mysql://root@127.0.0.1/latchkey',
    'sqlite:',
    'sqlite://',
    'sqlite:///',
    'sqlite: ',
    'sqlite:data/',
    'postgres:latchkey',
    'postgres://host:port/latchkey',
  ],
  LATCHKEY_MAX_CONNECTIONS: ['0', '1000001', 'many'],
  LATCHKEY_REQUEST_TIMEOUT: ['0', '6m'],
  LATCHKEY_KEEP_ALIVE_TIMEOUT: ['0', '2h'],
  LATCHKEY_SHUTDOWN_DELAY: ['-1', '6m'],
  LATCHKEY_DATABASE_POOL: ['0', '1001', 'many'],
  LATCHKEY_DATABASE_CONNECT_TIMEOUT: ['0', '61', '100ms'],
  LATCHKEY_DATABASE_STATEMENT_TIMEOUT: ['0', '2m'],
  LATCHKEY_DATABASE_WAIT: ['-1', '2h', 'forever'],
  LATCHKEY_REVOCATION_BOUND: ['0', '61s'],
  LATCHKEY_LISTEN: ['ready', 'AT_START', 'true'],
  LOG_LEVEL: ['INFO', 'verbose', 'toString'],
  LATCHKEY_AUDIT_STREAMS: ['-1', '10001'],
  LATCHKEY_AUDIT_WEBHOOK_URL: [
    'siem.example.com',
    'http://siem.example.com/in',
    'http://localhost.example.com/in',
    'ftp://localhost/in',
    'https://user:password@siem.example.com/in',
    'https://:password@siem.example.com/in',
    'https://siem.example.com/#a',
  ],
  LATCHKEY_AUDIT_WEBHOOK_SECRET: ['x'.repeat(31), `${'x'.repeat(40)},short`, 'whsec_c2hvcnQ=', '[1]'],
  LATCHKEY_SMTP_URL: [
    'smtp.example.com',
    'https://smtp.example.com',
    'smtp://',
    'smtp://user@smtp.example.com',
    'smtp://smtp.example.com/path',
    'smtp://smtp.example.com?tls=none',
    'smtps://smtp.example.com?tls=optional',
    'smtp://smtp.example.com?pool=true',
  ],
  LATCHKEY_MAIL_FROM: [
    'Example',
    'Example <example.com>',
    'a@example.com, b@example.com',
    'Ex\nample <a@example.com>',
    'Ex\u202eample <a@example.com>',
    'Ex\u200bample <a@example.com>',
  ],
  LATCHKEY_EMAIL_LOCAL_PART: ['lower'],
  LATCHKEY_DEV_MAIL: ['true'],
  LATCHKEY_RECOVERY_LIMIT: ['-1', 'x'],
  LATCHKEY_MAIL_LANGUAGE: ['english', 'de_AT', 'd'],
  LATCHKEY_MAIL_TEMPLATES: [' '],
  LATCHKEY_AUDIT_SYSLOG: [
    'logs.example.com:514',
    'https://logs.example.com',
    'tcp://',
    'tcp://logs:99999',
    'tcp://logs:x',
    'tls://user@logs',
    'udp://logs/path',
    'tcp://lo gs',
  ],
  LATCHKEY_AUDIT_SYSLOG_FORMAT: ['CEF', 'leef'],
  LATCHKEY_AUDIT_SYSLOG_FRAMING: ['octet-counting', 'null'],
  LATCHKEY_ISSUER: [
    'login.example.com',
    'ftp://example.com',
    'https://user:password@example.com',
    'https://:password@example.com',
    'https://example.com/%40',
    'https:/example.com',
    'https://example.com?a=b',
    'https://example.com/?',
    'https://example.com/#a',
    'https://example.com/#',
    ' https://example.com',
    'https://example.com/\n',
    'https://exam ple.com',
  ],
  LATCHKEY_SECRET: ['x'.repeat(31)],
  LATCHKEY_TRUSTED_PROXIES: ['10.0.0.0/33', 'proxy.example.com', '*', '1'],
  LATCHKEY_PASSKEY_RP_ID: [
    ...['https://example.com', 'example.com:443', 'Example.com', 'example.com/', 'a b', '.'],
    ...['127.0.0.1', '[::1]', 'bücher.example', 'user@example.com'],
  ],
  LATCHKEY_PASSKEY_ORIGINS: [
    ...['example.com', 'https://example.com/', 'http://example.com', 'http://127.0.0.1:3000', '*'],
    ...['android:apk-key-hash:', 'android:apk-key-hash:a=', 'ios:bundle-id:x', 'null'],
  ],
  LATCHKEY_CORS_ORIGINS: [
    'https://app.example.com/',
    'https://app.example.com/path',
    'app.example.com',
    'null',
    'https://*.example.com',
  ],
  LATCHKEY_USERNAMES: ['strict', 'Any'],
  LATCHKEY_ADMIN_USERNAME: [' ', ' admin', 'admin\t', 'ad\u0000min', 'ad\nmin', 'x'.repeat(201)],
  LATCHKEY_ADMIN_PASSWORD: ['   ', 'seven c', 'x'.repeat(1025)],
  LATCHKEY_NEW_SECRET: ['x'.repeat(31)],
  JWT_ALGORITHM: ['none', 'es256', 'ES256K', 'EdDSA'],
  JWT_SECRET_KEY: [' '],
  JWT_PREVIOUS_SECRET_KEYS: ['[', '[1]'],
  JWT_PRIVATE_KEY: ['/no/such/file', '-----BEGIN PRIVATE KEY-----\n', '{}', '{'],
  JWT_ENCODE_AUDIENCE: [],
  JWT_DECODE_AUDIENCE: [],
  JWT_DECODE_ISSUER: [],
  LOG_FORMAT: ['JSON', 'pretty'],
  LATCHKEY_REQUEST_LOG: ['maybe'],
  LATCHKEY_METRICS_PORT: ['65536', ...notNumbers],
  LATCHKEY_METRICS_HOST: [' '],
  LATCHKEY_HSTS_INCLUDE_SUBDOMAINS: ['maybe'],
  LATCHKEY_LOGIN_LINKS: ['maybe'],
  LATCHKEY_NEW_LOGIN_MESSAGES: ['maybe'],
  LATCHKEY_CLIENT_ASSERTION_AUDIENCE: ['endpoint', 'Issuer'],
  JWT_ENCODE_NBF: ['maybe'],
  JWT_ACCESS_TOKEN_TYPE: ['jwt', 'AT+JWT', 'none'],
  JWT_TOKEN_LOCATION: ['header', 'headers, body', ','],
  JWT_HEADER_NAME: ['X Token', 'X:Token'],
  JWT_HEADER_TYPE: ['Bearer:', 'a b'],
  JWT_QUERY_STRING_NAME: ['a b'],
  JWT_QUERY_STRING_VALUE_PREFIX: [' '],
  JWT_JSON_KEY: ['a b'],
  ...Object.fromEntries(cookieNames.map((name) => [name, ['a b', 'a;b', 'a=b']])),
  ...Object.fromEntries(cookiePaths.map((path) => [path, ['api', '/a;b']])),
  JWT_COOKIE_SECURE: ['maybe'],
  JWT_COOKIE_DOMAIN: [
    'https://example.com',
    'a b',
    '-a.com',
    'a-.com',
    `${'a'.repeat(64)}.com`,
    'a..b',
    'a.',
  ],
  JWT_COOKIE_SAMESITE: ['lax', 'Sometimes'],
  JWT_SESSION_COOKIE: ['maybe'],
  JWT_COOKIE_CSRF_PROTECT: ['maybe'],
  JWT_CSRF_METHODS: ['post', ','],
  JWT_CSRF_IN_COOKIES: ['maybe'],
  JWT_CSRF_CHECK_FORM: ['maybe'],
  LATCHKEY_SESSION_LIFETIME: ['3651d', ...notDurations],
  LATCHKEY_SESSION_LIMIT: ['100001', ...notNumbers],
  LATCHKEY_KEY_ROTATION: ['3651d', ...notDurations],
  LATCHKEY_AUDIT_RETENTION: ['36501d', ...notDurations],
  LATCHKEY_JWKS_MAX_AGE: ['2d', ...notDurations],
  LATCHKEY_REVOCATION_STREAMS: ['100001', ...notNumbers],
  LATCHKEY_REVOCATION_STREAMS_PER_CLIENT: ['0', '100001', ...notNumbers],
  JWT_ACCESS_TOKEN_EXPIRES: ['0', '86401', '2d', ...notDurations],
  JWT_REFRESH_TOKEN_EXPIRES: ['0', '401d', ...notDurations],
  JWT_DECODE_LEEWAY: ['301', ...notDurations],
  JWT_DECODE_LEGACY: ['flask'],
  JWT_DECODE_LEGACY_UNTIL: ['tomorrow', '2027-02-31T25:00Z', '31.1.2027'],
  LATCHKEY_REFRESH_GRACE: ['6m', ...notDurations],
  LATCHKEY_PASSWORD_MEMORY_COST: ['7', '4194305', ...notNumbers],
  LATCHKEY_PASSWORD_TIME_COST: ['0', '101', ...notNumbers],
  LATCHKEY_PASSWORD_PARALLELISM: ['0', '65', ...notNumbers],
  LATCHKEY_PASSWORD_QUEUE: ['100001', ...notNumbers],
  LATCHKEY_APP_URL: [
    'app.example.com',
    'https://app.example.com/?a=b',
    'https://user:password@app.example.com',
    'https://user:1/2@app.example.com',
  ],
  LATCHKEY_INVITATION_EXPIRES: ['3599', '91d'],
  LATCHKEY_REGISTRATION: [
    'on',
    'Open',
    'domains',
    'domains:',
    'domains:example',
    'domains:example.com,',
    'domains:@example.com',
  ],
  LATCHKEY_REGISTRATION_EMAIL: ['yes'],
  LATCHKEY_REGISTRATION_ROLES: ['a role', '-', 'member,réader'],
  LATCHKEY_REGISTRATION_LIMIT: ['1000001', ...notNumbers],
  LATCHKEY_REGISTRATIONS_PER_HOUR: ['0', '1000001', ...notNumbers],
  LATCHKEY_PASSWORD_CONTEXT_WORDS: ['ab', 'acme, x', Array(101).fill('acme').join(',')],
  LATCHKEY_PASSWORD_CHECK_LIMIT: ['1000001', ...notNumbers],
  LATCHKEY_BREACH_CHECK: [
    'http://api.example.com/range/',
    'ftp://localhost/',
    'https://user:secret@api.example.com/',
    'https://:secret@api.example.com/',
    'https://user:1/2@api.example.com/',
    'https://api.example.com/?key=1',
    'no/such/folder',
  ],
  LATCHKEY_BREACH_CHECK_TIMEOUT: ['0', '31', 'soon'],
  LATCHKEY_BREACH_CHECK_UNAVAILABLE: ['ignore', 'Accept'],
  LATCHKEY_LOGIN_FREE_ATTEMPTS: ['1000001', ...notNumbers],
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: ['1000001', ...notNumbers],
  LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_SITE: ['1000001', ...notNumbers],
  LATCHKEY_ONE_TIME_PASSWORD_EXPIRES: ['59', '366d', ...notDurations],
  LATCHKEY_ONE_TIME_PASSWORDS: ['maybe'],
  LATCHKEY_SECOND_FACTOR: [
    'on',
    'Required',
    'required-for',
    'required-for:',
    'required-for:a,,b',
    'required-for:a b',
  ],
  LATCHKEY_TOTP_ISSUER: [' '],
  LATCHKEY_REMEMBERED_DEVICES: ['366d', ...notDurations],
  LATCHKEY_LOGIN_FIRST_WAIT: ['0', '2h', ...notDurations],
  LATCHKEY_LOGIN_LONGEST_WAIT: ['0', '2d', ...notDurations],
  LATCHKEY_LOGIN_MEMORY: ['59', '31d', ...notDurations],
  LATCHKEY_LOGIN_LIMIT: ['1000001', ...notNumbers],
  LATCHKEY_REFRESH_LIMIT: ['1000001', ...notNumbers],
};

for (const [key, { name }] of Object.entries(settings)) {
  describe(name, () => {
    it('accepts each form of its text', () => {
      expect(good[name]).not.to.be.undefined;
      for (const [text, value] of good[name] ?? []) {
        const config = readConfig({ ...companions[name], [name]: text }) as unknown as Record<
          string,
          unknown
        >;
        expect(config[key], text).to.deep.equal(value);
      }
    });

    it('is refused with one sentence that names it', () => {
      expect(bad[name]).not.to.be.undefined;
      for (const text of bad[name] ?? []) {
        const errors = listErrors({ [name]: text });
        expect(errors, JSON.stringify(text)).to.have.length(1);
        expect(errors[0]).to.match(new RegExp(`^${name} (is ".*", but )?must .+\\.$`, 's'));
      }
    });
  });
}

describe('Invalid settings', () => {
  it('are reported all at once', () => {
    const errors = listErrors({ PORT: 'x', LOG_LEVEL: 'x', DATABASE_URL: 'postgres://127.0.0.1/latchkey' });
    expect(errors.map((error) => error.split(' ')[0])).to.deep.equal([
      'PORT',
      'LOG_LEVEL',
      'LATCHKEY_SECRET',
    ]);
  });

  it('are repeated in the message, so that a typing error is seen', () => {
    expect(listErrors({ PORT: '30o0' })).to.deep.equal([
      'PORT is "30o0", but must be a whole number from 0 to 65535.',
    ]);
  });

  it('are not repeated if they may be secret', () => {
    const secrets = {
      LATCHKEY_SECRET: 'hunter2',
      LATCHKEY_ADMIN_PASSWORD: ' \t ',
      DATABASE_URL: 'mysql://root:hunter2@127.0.0.1',
    };
    const errors = listErrors(secrets);
    expect(errors).to.have.length(3);
    for (const error of errors) {
      for (const secret of Object.values(secrets)) expect(error).not.to.include(secret);
      expect(error).not.to.include('hunter2');
    }
  });
});

describe('LATCHKEY_LISTEN', () => {
  it('needs an issuer to listen when ready on any free port', () => {
    const settings = { LATCHKEY_LISTEN: 'when_ready', PORT: '0' };
    expect(listErrors(settings)).to.deep.equal([
      'LATCHKEY_LISTEN is when_ready and PORT is 0: set LATCHKEY_ISSUER, which would be the address that is listened on.',
    ]);
    expect(listErrors({ ...settings, LATCHKEY_ISSUER: 'https://login.example.com' })).to.deep.equal([]);
    expect(listErrors({ LATCHKEY_LISTEN: 'when_ready' })).to.deep.equal([]);
  });
});

describe('LATCHKEY_PASSKEY_ORIGINS', () => {
  it('are all of one domain, which LATCHKEY_PASSKEY_RP_ID names where the first does not', () => {
    const origins = { LATCHKEY_PASSKEY_ORIGINS: 'https://app.example.com,https://login.example.com' };
    expect(listErrors(origins)).to.deep.equal([
      'LATCHKEY_PASSKEY_ORIGINS has https://login.example.com, whose pages cannot use passkeys of app.example.com: set LATCHKEY_PASSKEY_RP_ID to a domain that all of them are in.',
    ]);
    expect(listErrors({ ...origins, LATCHKEY_PASSKEY_RP_ID: 'example.com' })).to.deep.equal([]);
    expect(listErrors({ ...origins, LATCHKEY_PASSKEY_RP_ID: 'ample.com' })).to.have.length(1);
    expect(listErrors({ ...origins, LATCHKEY_PASSKEY_RP_ID: 'off' })).to.deep.equal([]);
  });

  it('of apps alone need a domain', () => {
    const app = { LATCHKEY_PASSKEY_ORIGINS: 'android:apk-key-hash:Ab' };
    expect(listErrors(app)).to.deep.equal([
      'LATCHKEY_PASSKEY_RP_ID must be set where LATCHKEY_PASSKEY_ORIGINS has apps alone.',
    ]);
    expect(listErrors({ ...app, LATCHKEY_PASSKEY_RP_ID: 'example.com' })).to.deep.equal([]);
  });
});

describe('The domain of passkeys', () => {
  const app = { LATCHKEY_APP_URL: 'https://app.example.com' };
  const errors = (settings: Record<string, string>): readonly string[] => listErrors(settings, 'service');

  it('has to be chosen where the application and the service are different sites', () => {
    const other = { ...app, LATCHKEY_ISSUER: 'https://login.example.org/auth' };
    expect(errors(other)).to.deep.equal([
      'LATCHKEY_PASSKEY_RP_ID must be set, because LATCHKEY_APP_URL (https://app.example.com) and LATCHKEY_ISSUER (https://login.example.org) are different sites, and passkeys work on one: set it to app.example.com if your pages ask for passkeys, to login.example.org if the pages of the service do, or to off. Later it cannot be changed without losing the passkeys that there are.',
    ]);
    for (const id of ['app.example.com', 'example.com', 'login.example.org', 'off'])
      expect(errors({ ...other, LATCHKEY_PASSKEY_RP_ID: id })).to.deep.equal([]);
    expect(errors({ ...other, LATCHKEY_PASSKEY_ORIGINS: 'https://shop.example.net' })).to.deep.equal([]);
  });

  it('follows from URLs that may be one site, or of which one has no passkeys', () => {
    for (const issuer of ['https://login.example.com', 'https://example.com', 'http://10.0.0.1:3000'])
      expect(errors({ ...app, LATCHKEY_ISSUER: issuer })).to.deep.equal([]);
    for (const settings of [app, {}, { LATCHKEY_APP_URL: 'http://localhost:5173' }])
      expect(errors(settings)).to.deep.equal([]);
  });

  it('is one that some page is in', () => {
    const id = { LATCHKEY_PASSKEY_RP_ID: 'example.net' };
    const error =
      'LATCHKEY_PASSKEY_RP_ID is example.net, and neither LATCHKEY_APP_URL nor LATCHKEY_ISSUER is a page of it: set LATCHKEY_PASSKEY_ORIGINS to the pages that ask for passkeys, such as https://example.net, or LATCHKEY_PASSKEY_RP_ID to off.';
    expect(errors({ ...app, ...id })).to.deep.equal([error]);
    expect(errors(id)).to.deep.equal([error]);
    expect(errors({ ...id, LATCHKEY_APP_URL: 'https://www.example.net' })).to.deep.equal([]);
    expect(errors({ LATCHKEY_PASSKEY_RP_ID: 'localhost' })).to.deep.equal([]);
  });
});

describe('PostgreSQL', () => {
  for (const url of [
    'postgres://user:password@127.0.0.1:5432/latchkey',
    'postgresql://127.0.0.1/latchkey?sslmode=disable',
  ]) {
    it(`is used where DATABASE_URL is ${url}`, () => {
      const { databaseUrl } = readConfig({ DATABASE_URL: url, LATCHKEY_SECRET: 'x'.repeat(32) });
      expect(databaseUrl).to.deep.equal({ kind: 'postgres', url: url.replace('?sslmode=disable', '') });
    });

    it(`requires LATCHKEY_SECRET with ${url}`, () => {
      const [error, ...others] = listErrors({ DATABASE_URL: url });
      expect(error).to.match(/^LATCHKEY_SECRET must be set/);
      expect(others).to.deep.equal([]);
    });
  }

  it('requires LATCHKEY_ISSUER for the service, and not for a command', () => {
    const secret = { LATCHKEY_SECRET: 'x'.repeat(32) };
    const postgres = { DATABASE_URL: 'postgres://127.0.0.1/latchkey', ...secret };
    expect(() => readConfig(postgres, 'service')).to.throw(
      /^LATCHKEY_ISSUER must be set when DATABASE_URL is/,
    );
    expect(readConfig({ ...postgres, LATCHKEY_ISSUER: 'http://a.test' }, 'service').issuer).to.be.a('string');
    expect(readConfig(postgres, 'command').issuer).to.be.undefined;
    expect(readConfig(secret, 'service').issuer).to.be.undefined;
  });

  it('reports a secret that is too short once', () => {
    const errors = listErrors({ DATABASE_URL: 'postgres://127.0.0.1/latchkey', LATCHKEY_SECRET: 'short' });
    expect(errors).to.deep.equal(['LATCHKEY_SECRET must have 32 characters or more.']);
  });
});

describe('Unknown variables', () => {
  for (const [name, nearest] of [
    ['LATCHKEY_ISSUERS', 'LATCHKEY_ISSUER'],
    ['LATCHKEY_TRUST_PROXIES', 'LATCHKEY_TRUSTED_PROXIES'],
    ['LATCHKEY_ADMIN_PASSWD', 'LATCHKEY_ADMIN_PASSWORD'],
    ['JWT_ACCESS_TOKEN_EXPIRE', 'JWT_ACCESS_TOKEN_EXPIRES'],
    ['JWT_DECODE_LEWAY', 'JWT_DECODE_LEEWAY'],
    ['LATCHKEY_PORT', 'PORT'],
    ['LATCHKEY_DATABASE_URL', 'DATABASE_URL'],
    ['JWT_ISSUER', 'LATCHKEY_ISSUER'],
  ] as const) {
    it(`are reported with the most similar setting: ${name}`, () => {
      expect(findSettingWarnings({ [name]: 'a value' })).to.deep.equal([
        `${name} is not a setting and is ignored. Did you mean ${nearest}?`,
      ]);
    });
  }

  it('are reported without a suggestion if no setting is similar', () => {
    expect(findSettingWarnings({ JWT_X: 'a value' })).to.deep.equal([
      'JWT_X is not a setting and is ignored.',
    ]);
  });

  it('of files are reported where the setting is no secret', () => {
    expect(findSettingWarnings({ LATCHKEY_ISSUER_FILE: '/x' })).to.deep.equal([
      'LATCHKEY_ISSUER_FILE is not a setting and is ignored. Did you mean LATCHKEY_ISSUER?',
    ]);
  });

  it('of other programs are not reported, nor are settings', () => {
    const known = Object.values(settings).map(({ name }) => [name, 'a value'] as const);
    const others = { PATH: '/bin', HOSTNAME: 'x', latchkey_issuer: 'x', MY_JWT_KEY: 'x', LATCHKEY: 'x' };
    expect(findSettingWarnings({ ...Object.fromEntries(known), ...others })).to.deep.equal([]);
  });
});

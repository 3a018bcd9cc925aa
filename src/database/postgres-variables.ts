/**
 * The environment variables of PostgreSQL's own programs (https://www.postgresql.org/docs/current/libpq-envars.html).
 * `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER`, `PGPASSWORD`, `PGPASSFILE`, `PGAPPNAME` and `PGOPTIONS` are used for what the
 * URL leaves out. The others are ignored: how a connection is protected is configured in one place, the URL.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** Ignored variables, and the parameter of the URL to use instead. */
const parameterOf: Readonly<Record<string, string>> = {
  PGCHANNELBINDING: 'channel_binding',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGHOSTADDR: 'host',
  PGREQUIRESSL: 'sslmode',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLMODE: 'sslmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
};

/** Ignored variables without a parameter of the URL. */
const withoutParameter = [
  'PGGSSENCMODE',
  'PGREPLICATION',
  'PGREQUIREAUTH',
  'PGREQUIREPEER',
  'PGSERVICE',
  'PGSSLCRL',
  'PGSSLCRLDIR',
  'PGSSLMAXPROTOCOLVERSION',
  'PGSSLMINPROTOCOLVERSION',
  'PGSSLNEGOTIATION',
];

/** Values that require protection. Without the parameter in the URL, the connection would be unencrypted or unverified. */
const requirements = {
  PGSSLMODE: /^(?:require|verify-ca|verify-full)$/,
  PGREQUIRESSL: /^1$/,
  PGCHANNELBINDING: /^require$/,
};

/** @returns an error for each variable that requires a protection that the URL does not mention. */
export function findUnmetRequirements(url: string, environment: Environment): string[] {
  return Object.entries(requirements)
    .filter(([name, value]) => value.test(environment[name] ?? '') && !isInUrl(url, parameterOf[name]))
    .map(
      ([name]) =>
        `${name} requires protection, but is ignored: set ${parameterOf[name] ?? ''} in DATABASE_URL (docs/postgresql.md).`,
    );
}

/** @returns a warning for each ignored variable whose parameter the URL does not have. */
export function findIgnoredVariables(url: string, environment: Environment): string[] {
  return [
    ...Object.entries(parameterOf)
      .filter(([name, parameter]) => environment[name] && !isInUrl(url, parameter))
      .map(([name, parameter]) => `${name} is ignored. Set ${parameter} in DATABASE_URL instead.`),
    ...withoutParameter.filter((name) => environment[name]).map((name) => `${name} is ignored.`),
  ];
}

function isInUrl(url: string, parameter: string | undefined): boolean {
  const names = (url.split('?')[1] ?? '').split('&').map((pair) => pair.split('=')[0]);
  return names.includes(parameter);
}

/**
 * The environment variables of PostgreSQL's own programs (https://www.postgresql.org/docs/current/libpq-envars.html).
 * Where the URL leaves it out, `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER`, `PGPASSWORD`, `PGPASSFILE`, `PGAPPNAME` and
 * `PGOPTIONS` say it. The others do not count: how a connection is protected is written in one place.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** Those that do not count, and the parameter of the URL that does. */
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

/** Those that do not count, and that the URL has nothing for. */
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

/** What asks for a protection. Where the URL says nothing of it, the connection would be plain, or to anybody. */
const requirements = {
  PGSSLMODE: /^(?:require|verify-ca|verify-full)$/,
  PGREQUIRESSL: /^1$/,
  PGCHANNELBINDING: /^require$/,
};

/** @returns a sentence for each variable that asks for a protection which the URL says nothing of. */
export function findUnmetRequirements(url: string, environment: Environment): string[] {
  return Object.entries(requirements)
    .filter(([name, value]) => value.test(environment[name] ?? '') && !isInUrl(url, parameterOf[name]))
    .map(
      ([name]) =>
        `${name} asks for a protection, and does not count: write ${parameterOf[name] ?? ''} into DATABASE_URL (docs/postgresql.md).`,
    );
}

/** @returns a warning for each variable that does not count, and that the URL says nothing of. */
export function findIgnoredVariables(url: string, environment: Environment): string[] {
  return [
    ...Object.entries(parameterOf)
      .filter(([name, parameter]) => environment[name] && !isInUrl(url, parameter))
      .map(([name, parameter]) => `${name} is ignored. What counts is ${parameter} in DATABASE_URL.`),
    ...withoutParameter.filter((name) => environment[name]).map((name) => `${name} is ignored.`),
  ];
}

function isInUrl(url: string, parameter: string | undefined): boolean {
  const names = (url.split('?')[1] ?? '').split('&').map((pair) => pair.split('=')[0]);
  return names.includes(parameter);
}

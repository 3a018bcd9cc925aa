import { expect } from 'chai';
import { sql } from 'kysely';
import { ConfigError, readConfig, findSettingWarnings } from '../../src/config/config.js';
import { parsePostgresUrl } from '../../src/database/postgres-url.js';
import { openTestDatabase } from '../support/databases.js';
import { createPostgresDatabase } from '../support/postgres.js';

type Environment = Readonly<Record<string, string>>;

const url = 'postgres://latchkey@db.example.com/latchkey';

/** Runs work with variables in this process's environment, where the driver reads them. */
async function inEnvironment<T>(variables: Environment, work: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

interface Session {
  readonly user: string;
  readonly database: string;
  readonly application: string;
  readonly work_mem: string;
  readonly source: string;
  readonly is_walsender: boolean;
}

async function sessionOf(text: string): Promise<Session | undefined> {
  const database = openTestDatabase({ kind: 'postgres', url: text });
  try {
    const { rows } = await sql<Session>`select current_user as user, current_database() as database,
      current_setting('application_name') as application, current_setting('work_mem') as work_mem,
      (select source from pg_settings where name = 'work_mem') as source,
      exists (select from pg_stat_replication where pid = pg_backend_pid()) as is_walsender`.execute(
      database.queries,
    );
    return rows[0];
  } finally {
    await database.close();
  }
}

describe('PostgreSQL’s own environment variables', () => {
  it('add what the URL leaves out; options are set after connecting, as poolers require', async () => {
    const { hostname, port, username, password, pathname } = new URL(await createPostgresDatabase());
    const database = pathname.slice(1);
    const variables = {
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: username,
      PGPASSWORD: password,
      PGDATABASE: database,
      PGAPPNAME: 'named by the environment',
      PGOPTIONS: '-c work_mem=7MB',
    };
    expect(await inEnvironment(variables, () => sessionOf('postgres:///'))).to.deep.equal({
      user: username,
      database,
      application: 'named by the environment',
      work_mem: '7MB',
      source: 'session',
      is_walsender: false,
    });
  });

  it('do not override the URL, and the others are never used', async () => {
    const text = await createPostgresDatabase();
    const variables = {
      PGHOST: 'nowhere.invalid',
      PGPORT: '1',
      PGUSER: 'nobody',
      PGPASSWORD: 'another',
      PGDATABASE: 'nothing',
      PGOPTIONS: '-c work_mem=7MB',
      PGREPLICATION: 'database',
      PGSSLNEGOTIATION: 'direct',
      PGSSLMODE: 'require',
      PGBINARY: 'true',
      PGCLIENT_ENCODING: 'LATIN1',
      PGCLIENTENCODING: 'LATIN1',
    };
    const session = await inEnvironment(variables, () => sessionOf(`${text}?options=-c%20work_mem%3D9MB`));
    expect(session).to.include({ work_mem: '9MB', source: 'session', is_walsender: false });
  });

  it('are refused if they set what the service sets', () => {
    expect(() => parsePostgresUrl(url, { PGOPTIONS: '-c statement_timeout=1' })).to.throw(
      'must not set statement_timeout in its options, or in PGOPTIONS: the service sets it',
    );
  });

  for (const [parameters, variables, error] of [
    ['', { PGSSLMODE: 'verify-full' }, 'PGSSLMODE'],
    ['', { PGSSLMODE: 'require' }, 'PGSSLMODE'],
    ['', { PGREQUIRESSL: '1' }, 'PGREQUIRESSL'],
    ['?sslmode=require', { PGCHANNELBINDING: 'require' }, 'PGCHANNELBINDING'],
    ['', { PGSSLMODE: 'prefer', PGREQUIRESSL: '0', PGCHANNELBINDING: 'prefer' }, undefined],
    ['?sslmode=disable', { PGSSLMODE: 'verify-full', PGREQUIRESSL: '1' }, undefined],
    ['?sslmode=require&channel_binding=prefer', { PGCHANNELBINDING: 'require' }, undefined],
  ] as const) {
    it(`${error === undefined ? 'let' : 'refuse'} ${JSON.stringify(variables)} with "${parameters}"`, () => {
      const environment = {
        ...variables,
        DATABASE_URL: `${url}${parameters}`,
        LATCHKEY_SECRET: 'a secret of the tests, long enough',
      };
      const read = (): unknown => readConfig(environment);
      if (error === undefined) expect(read).not.to.throw();
      else expect(read).to.throw(ConfigError, new RegExp(`^${error} requires protection, but is ignored`));
    });
  }

  it('are warned of if they are ignored, on PostgreSQL alone', () => {
    const variables = { PGSSLROOTCERT: 'x', PGSERVICE: 'x', PGCONNECT_TIMEOUT: '', PGHOST: 'x', PGDATA: 'x' };
    expect(findSettingWarnings({ ...variables, DATABASE_URL: url })).to.deep.equal([
      'PGSSLROOTCERT is ignored. Set sslrootcert in DATABASE_URL instead.',
      'PGSERVICE is ignored.',
    ]);
    expect(findSettingWarnings(variables)).to.deep.equal([]);
    expect(
      findSettingWarnings({ PGSSLROOTCERT: 'x', DATABASE_URL: `${url}?sslmode=verify-ca&sslrootcert=y` }),
    ).to.deep.equal([]);
  });
});

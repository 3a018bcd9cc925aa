import { settings } from '../config/settings.js';
import { secretNames } from '../config/config.js';
import { readSecretFiles } from '../config/secret-files.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** `DATABASE_URL` for PostgreSQL's own programs, without its password: arguments can be seen by others. */
export function readUrlWithoutPassword(variables: Environment, database?: string): string {
  const { environment } = readSecretFiles(secretNames, variables);
  const given = environment[settings.databaseUrl.name] ?? '';
  const [start = '', query = ''] = given.split('?');
  const [authority = '', name = ''] = start.slice(start.indexOf('//') + 2).split('/');
  const at = authority.lastIndexOf('@');
  const [user = ''] = authority.slice(0, Math.max(0, at)).split(':');
  const host = authority.slice(at + 1);
  const named = `postgresql://${user === '' ? '' : `${user}@`}${host}/${database ?? name}`;
  const kept = query
    .split('&')
    .filter(
      (pair) => pair !== '' && !/^(?:password|channel_binding|options)(?:=|$)/.test(decodeURIComponent(pair)),
    );
  return kept.length > 0 ? `${named}?${kept.join('&')}` : named;
}

export function listDumpSteps(variables: Environment, file: string, serverVersion: string): string {
  return `latchkey backup copies a SQLite file. PostgreSQL has a tool for it, which reads one moment while the service runs: pg_dump, of version ${getMajor(serverVersion)} or newer, because the server is ${serverVersion}.

  umask 077
  pg_dump --format=custom --no-owner --no-privileges --file=${quote(file)} --dbname=${quote(readUrlWithoutPassword(variables))}
  pg_restore --list ${quote(file)} > /dev/null

The user is the service's, or another one that may read all of its tables. Its password comes from PGPASSWORD or ~/.pgpass, never from the command line. Keep LATCHKEY_SECRET too, apart from the file. How to put it back: docs/restore.md.`;
}

export function listRestoreSteps(variables: Environment, file: string | undefined): string {
  const restored = 'latchkey_restored';
  return `latchkey restore puts a SQLite file in place. PostgreSQL's own tools restore its databases; the end of the sessions is Latchkey's part. In this order:

1. Stop the service, every replica of it.
2. Make a new, empty database, and fill it (or let the server recover to a point in time):

     createdb --template=template0 --encoding=UTF8 --maintenance-db=${quote(readUrlWithoutPassword(variables))} ${restored}
     pg_restore --no-owner --no-privileges --exit-on-error --single-transaction --dbname=${quote(readUrlWithoutPassword(variables, restored))} ${file === undefined ? '<file>' : quote(file)}

   Passwords come from PGPASSWORD or ~/.pgpass. Where the service's role may not create databases, another one does, with --owner= and the name of the service's.
3. Name the new database in DATABASE_URL, and check it:

     npx latchkey check-database

4. End every session and refuse every token that was issued before:

     npx latchkey sessions end-all

5. Start the service, at first where only you can reach it, and repeat what was done since the backup: docs/restore.md.`;
}

function getMajor(version: string): string {
  return version.split('.')[0] ?? version;
}

/** For a POSIX shell. */
function quote(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

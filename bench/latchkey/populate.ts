import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Prepared } from './latchkey.ts';

export interface Crowd {
  readonly users: number;
  /** Half of them have expired. */
  readonly sessions: number;
  /** Each has so many holders. */
  readonly roles: readonly string[];
  readonly holders: number;
  /** Sessions of one user beside those. */
  readonly sessionsOfOne: number;
}

type Row = Readonly<Record<string, SQLInputValue>>;

/** Puts users, sessions and holders of roles straight into an installation's SQLite file, like those that it has. */
export function populate(
  { settings }: Pick<Prepared, 'settings'>,
  { users, sessions, roles, holders, sessionsOfOne }: Crowd,
): { readonly userOfMany: string } {
  const database = new DatabaseSync(settings['DATABASE_URL']?.replace('sqlite:', '') ?? '');
  database.exec('pragma cache_size = -500000; pragma foreign_keys = on; begin');
  const now = Date.now();
  const user = database.prepare('select * from users order by id desc limit 1').get() as Row;
  const session = database.prepare('select * from sessions order by id desc limit 1').get() as Row;
  const insertUser = inserter(database, 'users', user);
  for (let index = 0; index < users; index += 1) {
    const username = nameOf(index);
    insertUser({
      ...user,
      id: idOf('a', index),
      username,
      username_key: username,
      username_skeleton: username,
    });
  }
  const insertSession = inserter(database, 'sessions', session);
  for (let index = 0; index < sessions; index += 1) {
    const end = index % 2 === 0 ? now - 1 - index : now + 86_400_000 + index;
    insertSession({
      ...session,
      id: idOf('b', index),
      // Not in the order of the users: they log in as they like.
      user_id: idOf('a', (index * 7919) % users),
      expires_at: end,
      access_expires_at: end,
    });
  }
  const userOfMany = idOf('a', 0);
  for (let index = 0; index < sessionsOfOne; index += 1) {
    insertSession({
      ...session,
      id: idOf('c', index),
      user_id: userOfMany,
      access_expires_at: now + 900_000,
    });
  }
  for (const role of roles) {
    database
      .prepare(
        'insert into roles (name, description, permissions, built_in, created_at, updated_at) values (?, ?, ?, 0, ?, ?)',
      )
      .run(role, '', 'reports:read', now, now);
    const insertHolder = database.prepare('insert into user_roles (user_id, role_name) values (?, ?)');
    for (let index = 0; index < holders; index += 1) insertHolder.run(idOf('a', (index * 3) % users), role);
  }
  database.exec('commit');
  database.close();
  return { userOfMany };
}

/** The address of every other row that `populateAudit` makes: all those that are no logins. */
export const auditedAddress = '192.0.2.1';

/**
 * Puts rows that a user has caused into the audit of a service, which may run.
 * @param accessToken of the user, who has logged in.
 */
export function populateAudit(
  { settings }: Pick<Prepared, 'settings'>,
  accessToken: string,
  rows: number,
): void {
  const payload = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString();
  const { sub } = JSON.parse(payload) as { readonly sub: string };
  const database = new DatabaseSync(settings['DATABASE_URL']?.replace('sqlite:', '') ?? '');
  database.exec('begin');
  const login = database
    .prepare("select * from audit where event = 'login' and target = ? order by id desc limit 1")
    .get(sub) as Row;
  const insert = inserter(database, 'audit', login);
  for (let index = 0; index < rows; index += 1)
    insert({
      ...login,
      id: idOf('d', index),
      ...(index % 2 === 0 && { event: 'logout', address: auditedAddress }),
    });
  database.exec('commit');
  database.close();
}

/** Half of a name is what a search begins with. */
export function nameOf(index: number): string {
  return `person-${String(index).padStart(7, '0')}`;
}

function idOf(kind: string, index: number): string {
  const digits = index.toString(16).padStart(8, '0');
  return `0199f3c2-${digits.slice(0, 4)}-7${digits.slice(4, 7)}-8${kind.repeat(3)}-${digits.padStart(12, '0')}`;
}

/** Into all columns of a table, whichever it has. */
function inserter(database: DatabaseSync, table: string, row: Row): (row: Row) => void {
  const columns = Object.keys(row);
  const statement = database.prepare(
    `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
  );
  return (values) => {
    statement.run(...columns.map((column) => values[column] ?? null));
  };
}

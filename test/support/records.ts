import { v7 } from 'uuid';
import { clientsStore, type StoredClient } from '../../src/clients/clients.store.js';
import type { Queries } from '../../src/database/database.js';
import { rolesStore, type StoredRole } from '../../src/roles/roles.store.js';
import { sessionsStore, type StoredSession } from '../../src/sessions/sessions.store.js';
import { keysStore } from '../../src/keys/keys.store.js';
import { usersStore, type StoredUser } from '../../src/users/users.store.js';

/** When the tests' records were created. */
export const recordTime = Date.parse('2026-11-24T09:00:00Z');
export const minute = 60_000;

let made = 0;

/** A user in the database, with a unique name. */
export async function addUser(queries: Queries, details: Partial<StoredUser> = {}): Promise<StoredUser> {
  const user: StoredUser = {
    id: v7(),
    username: `user ${++made}`,
    password_hash: 'a hash',
    password_one_time: 0,
    one_time_expires_at: null,
    version: 0,
    disabled_at: null,
    last_login_at: null,
    email: null,
    email_key: null,
    email_verified_at: null,
    display_name: null,
    language: null,
    created_at: recordTime,
    updated_at: recordTime,
    ...details,
  };
  await usersStore.insert(queries, user);
  return user;
}

/** A role in the database, with a unique name, and its holders. */
export async function addRole(
  queries: Queries,
  details: Partial<StoredRole> = {},
  holders: readonly StoredUser[] = [],
): Promise<StoredRole> {
  const role: StoredRole = {
    name: `role-${++made}`,
    description: '',
    permissions: 'reports:read',
    built_in: 0,
    created_at: recordTime,
    updated_at: recordTime,
    ...details,
  };
  await rolesStore.insert(queries, role);
  for (const { id } of holders) {
    await queries.insertInto('user_roles').values({ user_id: id, role_name: role.name }).execute();
  }
  return role;
}

/** A refresh-token key in the database that cannot be used: sessions are live if their key exists. */
export async function addRefreshKey(queries: Queries, id: string): Promise<void> {
  await keysStore.insert(queries, {
    id,
    purpose: 'refresh',
    algorithm: 'HS256',
    public_key: null,
    sealed_key: 'sealed',
    created_at: recordTime,
    active_at: recordTime,
    retired_at: null,
  });
}

/** The service's own refresh-token key, if there is one. */
async function refreshKeyId(queries: Queries): Promise<string> {
  const there = (await keysStore.list(queries)).find(({ purpose }) => purpose === 'refresh');
  if (there) return there.id;
  await addRefreshKey(queries, 'key of birth');
  return 'key of birth';
}

/** A live session in the database: an hour until it must be refreshed, a quarter of an hour for its access token. */
export async function addSession(
  queries: Queries,
  user: StoredUser,
  details: Partial<StoredSession> = {},
): Promise<StoredSession> {
  const session: StoredSession = {
    id: v7(),
    user_id: user.id,
    epoch: 0,
    created_at: recordTime,
    authenticated_at: recordTime,
    last_used_at: recordTime,
    expires_at: recordTime + 60 * minute,
    access_expires_at: recordTime + 15 * minute,
    generation: 0,
    proved_generation: 0,
    refresh_key_id: await refreshKeyId(queries),
    rotated_at: recordTime,
    revoked_at: null,
    address: '192.0.2.1',
    network: '192.0.2.1',
    user_agent: 'tests',
    amr: 'pwd',
    second_factor_at: null,
    device_id: null,
    ...details,
  };
  await sessionsStore.insert(queries, session);
  return session;
}

/** A client with a secret in the database. */
export async function addClient(
  queries: Queries,
  details: Partial<StoredClient> = {},
): Promise<StoredClient> {
  const client: StoredClient = {
    id: v7(),
    name: `client ${++made}`,
    secret_hash: 'a hash',
    jwks: null,
    auth_method: 'client_secret_basic',
    scopes: 'reports:read',
    audiences: '',
    introspection_audiences: '',
    access_token_lifetime: null,
    version: 0,
    disabled_at: null,
    created_at: recordTime,
    updated_at: recordTime,
    ...details,
  };
  await clientsStore.insert(queries, client);
  return client;
}

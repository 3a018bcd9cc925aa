import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import jwt from 'jsonwebtoken';
import { serviceActor } from '../../src/audit/actor.js';
import type { Clock } from '../../src/clock.js';
import { UserImport } from '../../src/import/user-import.js';
import type { Services } from '../../src/server/services.js';

/** Of a service that accepts the tokens of a Flask application. */
export const flaskSettings = {
  JWT_SECRET_KEY: 'the secret of the Flask application, of 32 bytes and more',
  JWT_DECODE_LEGACY: 'flask-jwt-extended',
  JWT_DECODE_LEGACY_UNTIL: '2027-01-31',
};

const month = 30 * 86_400;

/** An access token as PyJWT writes what Flask-JWT-Extended 4.7 gives it. */
export function signFlaskToken(
  clock: Clock,
  sub: unknown,
  claims: Record<string, unknown> = {},
  key = flaskSettings.JWT_SECRET_KEY,
  options: jwt.SignOptions = {},
): string {
  const now = Math.floor(clock.now() / 1000);
  const all = {
    ...{ fresh: false, iat: now, jti: randomUUID(), type: 'access', sub },
    ...{ nbf: now, csrf: randomUUID(), exp: now + 900 },
    ...claims,
  };
  return jwt.sign(JSON.parse(JSON.stringify(all)) as object, key, { algorithm: 'HS256', ...options });
}

export function signFlaskRefreshToken(
  clock: Clock,
  sub: unknown,
  claims: Record<string, unknown> = {},
  key?: string,
): string {
  const exp = Math.floor(clock.now() / 1000) + month;
  return signFlaskToken(clock, sub, { type: 'refresh', exp, ...claims }, key);
}

/** Imports a user of the application. @returns the id here. */
export async function importFlaskUser(
  { database, clock, accessTokens, roles: roleService, totpSecrets }: Services,
  foreignId: string,
  roles: readonly string[] = ['reader'],
  username = `flask${foreignId}`,
): Promise<string> {
  async function* source() {
    await Promise.resolve();
    const user = { id: foreignId, username, roles, disabled: false };
    yield { place: 'user', user };
  }
  await UserImport.run(
    { database, clock, tokens: accessTokens, roles: roleService, totpSecrets },
    source(),
    {
      source: 'flask',
      dryRun: false,
      roles: new Map([['admin', 'admin']]),
      unknownRoles: 'refuse',
      renames: new Map(),
      emailAsUsername: false,
      usernames: 'distinct',
      actor: serviceActor,
    },
    { onFinding: ({ message }) => expect.fail(message) },
  );
  const row = await database.queries
    .selectFrom('latchkey_foreign_ids')
    .select('user_id')
    .where('foreign_id', '=', foreignId)
    .executeTakeFirstOrThrow();
  return row.user_id;
}

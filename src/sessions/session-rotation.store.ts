import { sql, type Expression, type RawBuilder } from 'kysely';
import type { Queries } from '../database/database.js';
import type { Moment } from '../database/moment.js';
import { compileOnce } from '../database/compiled-statement.js';
import type { Schema } from '../database/schema.js';
import { rightsOfSession } from '../roles/held-rights.store.js';
import type { AccountRights } from '../roles/rights.js';

export interface Rotation {
  readonly id: string;
  /** The generation of the refresh token in the request. */
  readonly generation: number;
  readonly now: Moment;
  /** Milliseconds in which a replaced token still returns its successor. */
  readonly grace: number;
  readonly newKeyId: string;
  /** The lifetime of a new refresh token in milliseconds, unless the session ends before. */
  readonly refreshLifetime: number;
  readonly accessExpiresAt: number;
  /** The maximum lifetime of the session from its creation, in milliseconds. */
  readonly lifetime: number;
}

export type RotatedSession = Pick<
  Schema['sessions'],
  | 'id'
  | 'user_id'
  | 'created_at'
  | 'generation'
  | 'refresh_key_id'
  | 'expires_at'
  | 'authenticated_at'
  | 'amr'
  | 'second_factor_at'
  | 'device_id'
> &
  AccountRights;

export const rotatedColumns = [
  'sessions.id',
  'sessions.user_id',
  'sessions.created_at',
  'sessions.generation',
  'sessions.refresh_key_id',
  'sessions.expires_at',
  'sessions.authenticated_at',
  'sessions.amr',
  'sessions.second_factor_at',
  'sessions.device_id',
  ...rightsOfSession,
] as const;
const rotated = sql.join(
  rotatedColumns.map((column) => (typeof column === 'string' ? sql.ref(column) : column)),
);

export const hasCurrentEpoch = sql<boolean>`exists (select 1 from users
  where users.id = sessions.user_id and users.session_epoch = sessions.epoch)`;
const isOfEnabledUser = sql<boolean>`exists (select 1 from users where users.id = sessions.user_id
  and users.session_epoch = sessions.epoch and users.disabled_at is null)`;
/**
 * The key that the session's refresh token is made with has not been revoked: without it the session has ended. A subquery
 * that PostgreSQL does not make a join of: an UPDATE that waited for the row of a session joins it, after another one, with
 * what it had found before (README of its executor, EvalPlanQual), and that is the key before the other refresh.
 */
export const hasKey = sql<boolean>`coalesce((select true from keys where keys.id = sessions.refresh_key_id), false)`;

type RotationValues = Omit<Rotation, 'now'> & { readonly now: number };

function createRotation(
  { id, generation, now, grace, newKeyId, refreshLifetime, accessExpiresAt, lifetime }: RotationValues,
  timeOf: Moment['from'],
): RawBuilder<RotatedSession> {
  const moment = sql<number>`cast(${timeOf(sql.val(now))} as bigint)`;
  const next = sql<number>`cast(${generation} as bigint) + 1`;
  const isCurrent = sql<boolean>`generation = cast(${generation} as bigint)`;
  const expiry = sql<number>`case when ${isCurrent} then ${moment} + ${refreshLifetime} else expires_at end`;
  return sql<RotatedSession>`
    update sessions set
      generation = ${next},
      refresh_key_id = case when ${isCurrent} then ${newKeyId} else refresh_key_id end,
      rotated_at = case when ${isCurrent} then ${moment} else rotated_at end,
      expires_at = ${buildMin(expiry, buildMaxExpiry(lifetime))},
      last_used_at = ${moment},
      access_expires_at = case
        when access_expires_at > ${accessExpiresAt} then access_expires_at else ${accessExpiresAt} end
    where id = ${id}
      and revoked_at is null
      and expires_at > ${moment}
      and created_at > ${moment} - ${lifetime}
      and (${isCurrent} or (
        generation = ${next} and generation > proved_generation and rotated_at > ${moment} - ${grace}))
      and ${isOfEnabledUser}
      and ${hasKey}
    returning ${rotated}`;
}

/**
 * A refresh in one statement. The current token moves the session to the next generation. The previous token changes
 * nothing within its grace period, which it loses when the password is entered again. In both cases the row has the
 * generation to respond with, so that all requests with the same token get the same successor.
 * @returns undefined where the token is neither, or the session or its user is not live.
 */
export async function rotateSession(
  queries: Queries,
  { now, ...values }: Rotation,
): Promise<RotatedSession | undefined> {
  const all = { ...values, now: now.value };
  // Most of a fleet's work on the database is this statement.
  const query = compileOnce(queries, 'rotate a session', all, (slots) => createRotation(slots, now.from));
  return (await queries.executeQuery(query)).rows[0];
}

/** When a session reaches its maximum lifetime. */
export function buildMaxExpiry(lifetime: number | Expression<number>): RawBuilder<number> {
  return sql<number>`(sessions.created_at + ${lifetime})`;
}

export function buildMin(one: Expression<number>, other: Expression<number>): RawBuilder<number> {
  return sql<number>`case when ${one} < ${other} then ${one} else ${other} end`;
}

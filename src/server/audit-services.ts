import type { Logger } from 'pino';
import { AuditChain } from '../audit/audit-chain.js';
import { AuditRetention } from '../audit/audit-retention.js';
import { CountedEvents, type CountedEvent } from '../audit/counted-events.js';
import { verifyAudit, type AuditReport, type VerifyOptions } from '../audit/verify-audit.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import type { KeyRing } from '../keys/key-ring.js';
import { createSealKeys } from '../keys/seal-keys.js';
import type { DeniedReason } from '../sessions/denials.js';

export interface AuditServices {
  /** Puts rows into the chain, a moment after they are committed. */
  readonly auditChain: AuditChain;
  readonly auditRetention: AuditRetention;
  /** Failed and refused requests, which are counted before they are written. */
  readonly auditCounts: CountedEvents;
  readonly verifyAudit: (options?: VerifyOptions) => Promise<AuditReport>;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ring: KeyRing;
  readonly config: Config;
}

export function createAuditServices({ database, clock, log, ring, config }: Dependencies): AuditServices {
  const keys = createSealKeys(ring);
  return {
    auditChain: new AuditChain(database, clock, keys, log),
    auditRetention: new AuditRetention(database, clock, keys, log, config.auditRetention * 1000),
    auditCounts: new CountedEvents(database, clock),
    verifyAudit: (options) => verifyAudit(database, keys, options),
  };
}

const eventByReason: Readonly<Record<DeniedReason, CountedEvent['event'] | undefined>> = {
  unknown_user: 'login_failed',
  wrong_password: 'login_failed',
  wrong_passkey: 'login_failed',
  wrong_login_link: 'login_failed',
  disabled_user: 'login_refused',
  one_time_password_over: 'login_refused',
  wrong_second_factor: 'login_failed',
  rate_limited: 'login_refused',
  // It has a row of its own, with the session that it ends.
  refresh_token_reused: undefined,
};

/** Counts a denied login for the audit. */
export function countDenial(
  counts: CountedEvents,
  reason: DeniedReason,
  context: RequestContext,
  userId: string | undefined,
): void {
  const event = eventByReason[reason];
  if (event === undefined) return;
  const target = userId === undefined ? undefined : ({ kind: 'user', id: userId } as const);
  counts.add({ event, target, context, reason });
}

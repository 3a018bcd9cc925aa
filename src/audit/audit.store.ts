import type { Clock } from '../clock.js';
import type { Queries } from '../database/database.js';
import { prepareOnce } from '../database/compiled-statement.js';
import type { RequestContext } from '../http/request-context.js';
import { createId } from '../ids.js';
import type { Actor } from './actor.js';

export type AuditEvent =
  | 'login'
  | 'logout'
  | 'refresh_token_reused'
  | 'session_ended'
  | 'sessions_ended'
  | 'session_displaced'
  | 'all_sessions_ended'
  | 'user_created'
  | 'user_updated'
  | 'user_deleted'
  | 'password_changed'
  | 'password_reset'
  | 'role_created'
  | 'role_updated'
  | 'role_deleted'
  | 'client_created'
  | 'client_updated'
  | 'client_deleted'
  | 'client_secret_replaced'
  | 'token_revoked';

/** The context of an operator's command and of the service itself: no request. */
export const operatorContext: RequestContext = { requestId: null, address: null, userAgent: null };

interface AuditEntry {
  readonly event: AuditEvent;
  readonly actorId?: string;
  readonly target?: string;
  readonly sessionId?: string;
  readonly context: RequestContext;
}

export const auditStore = {
  /** To be called in the transaction of the change, so that both are committed or neither. */
  async add(queries: Queries, clock: Clock, entry: AuditEntry): Promise<void> {
    await queries.executeQuery(auditStore.prepareAdd(queries, clock, entry).compile());
  },

  /** The same, to be executed in a batch. */
  prepareAdd(queries: Queries, clock: Clock, entry: AuditEntry) {
    const row = {
      id: createId(clock),
      at: clock.now(),
      event: entry.event,
      actor_id: entry.actorId ?? null,
      target: entry.target ?? null,
      session_id: entry.sessionId ?? null,
      address: entry.context.address,
      request_id: entry.context.requestId,
    };
    return prepareOnce(queries, 'add to the audit', row, (slots) =>
      queries.insertInto('audit').values(slots),
    );
  },

  /** The same for what an actor did to a target. */
  addChange(
    queries: Queries,
    clock: Clock,
    change: { readonly event: AuditEvent; readonly target: string; readonly sessionId?: string },
    { userId, context }: Actor,
  ): Promise<void> {
    return auditStore.add(queries, clock, {
      ...change,
      ...(userId !== undefined && { actorId: userId }),
      context,
    });
  },
};

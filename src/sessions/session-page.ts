import type { Session, SessionPage } from './sessions.models.js';
import type { StoredSession } from './sessions.store.js';

/** How many sessions a page has unless it is told otherwise. */
export const defaultLimit = 50;

/** @param currentId the caller's session; undefined for a client. */
export function asSessionPage(
  { sessions, next }: { readonly sessions: readonly StoredSession[]; readonly next: string | undefined },
  currentId: string | undefined,
): SessionPage {
  return {
    items: sessions.map((session) => asSession(session, currentId)),
    ...(next !== undefined && { next_cursor: next }),
  };
}

function asSession(session: StoredSession, currentId: string | undefined): Session {
  return {
    id: session.id,
    created_at: new Date(session.created_at).toISOString(),
    last_used_at: new Date(session.last_used_at).toISOString(),
    expires_at: new Date(session.expires_at).toISOString(),
    address: session.address,
    user_agent: session.user_agent,
    current: session.id === currentId,
  };
}

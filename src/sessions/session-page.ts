import { toPageResponse, type Page } from '../http/pagination.js';
import type { Session, SessionPage } from './sessions.models.js';
import type { StoredSession } from './sessions.store.js';

/** @param currentId the caller's session; undefined for a client. */
export function toSessionPage(page: Page<StoredSession>, currentId: string | undefined): SessionPage {
  return toPageResponse(page, (session) => toSession(session, currentId));
}

export function toSession(session: StoredSession, currentId: string | undefined): Session {
  return {
    id: session.id,
    created_at: new Date(session.created_at).toISOString(),
    last_used_at: new Date(session.last_used_at).toISOString(),
    expires_at: new Date(session.expires_at).toISOString(),
    address: session.address,
    user_agent: session.user_agent,
    current: session.id === currentId,
    amr: session.amr.split(' '),
    ...(session.second_factor_at !== null && {
      second_factor_at: new Date(session.second_factor_at).toISOString(),
    }),
    ...(session.device_id !== null && { device_id: session.device_id }),
  };
}

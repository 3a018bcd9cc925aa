import type { AuditActorKind, AuditDetails } from '../audit-feed/audit.models.js';
import type { Id } from '../http/api-types.js';

/** What the audit has about you. */
export interface OwnEvent {
  id: Id;
  /**
   * When it happened; of several that are counted, the first.
   * @format date-time
   */
  at: string;
  /**
   * What happened: a name from docs/audit.md. Later versions have more of them.
   * @minLength 1
   * @maxLength 50
   * @pattern ^[a-z_]+$
   */
  event: string;
  /** Whether it was done in your name. */
  by_you: boolean;
  /** What acted, if not you: who it was is theirs. Absent where that is unknown, as in a failed login. */
  actor_kind?: AuditActorKind;
  /** Your session that it happened in or to. */
  session_id?: Id;
  /**
   * The IP address that it came from; absent where somebody else acted.
   * @maxLength 255
   * @pattern ^[0-9A-Za-z.:%/_-]*$
   */
  address?: string;
  /**
   * The `User-Agent` of the request; absent where somebody else acted.
   * @maxLength 255
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  user_agent?: string;
  /** What changed. */
  details?: AuditDetails;
  /**
   * How many it stands for.
   * @isLong
   * @minimum 1
   * @maximum 9007199254740991
   */
  count: number;
  /**
   * When the last of several happened.
   * @format date-time
   */
  last_at?: string;
}

/** What you did to something else than your account. What it was done to is not yours, and left out. */
export interface OwnAction {
  id: Id;
  /**
   * When it happened; of several that are counted, the first.
   * @format date-time
   */
  at: string;
  /**
   * What happened: a name from docs/audit.md. Later versions have more of them.
   * @minLength 1
   * @maxLength 50
   * @pattern ^[a-z_]+$
   */
  event: string;
  /**
   * What kind of thing it was done to, such as `user`; absent where it was nothing in particular.
   * @maxLength 50
   * @pattern ^[a-z_]+$
   */
  target_kind?: string;
  /** The session that you acted in. */
  session_id?: Id;
  /**
   * The IP address that it came from.
   * @maxLength 255
   * @pattern ^[0-9A-Za-z.:%/_-]*$
   */
  address?: string;
  /**
   * The `User-Agent` of the request.
   * @maxLength 255
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  user_agent?: string;
  /**
   * How many it stands for.
   * @isLong
   * @minimum 1
   * @maximum 9007199254740991
   */
  count: number;
  /**
   * When the last of several happened.
   * @format date-time
   */
  last_at?: string;
}

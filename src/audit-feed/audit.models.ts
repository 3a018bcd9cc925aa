import type { Id } from '../http/api-types.js';
import type { Cursor } from '../http/pagination.js';

/** `operator`: a command on the machine; `service`: the service by itself. */
export enum AuditActorKind {
  User = 'user',
  Client = 'client',
  Operator = 'operator',
  Service = 'service',
}

export enum AuditOrderName {
  Newest = 'newest',
  Oldest = 'oldest',
}

/**
 * The id of a user, a client or a key, or the name of a role.
 * @minLength 1
 * @maxLength 255
 * @pattern ^[^\u0000-\u001f\u007f]+$ must have no control characters
 */
export type AuditSubjectId = string;

/**
 * A name as it was when it happened.
 * @maxLength 1000
 * @pattern ^[^\u0000-\u001f\u007f]*$
 */
export type AuditName = string;

/** Who did it. */
export interface AuditActor {
  /** Absent in what versions before 0.2 wrote. */
  kind?: AuditActorKind;
  /** The id of the user or the client; absent for an operator and for the service. */
  id?: Id;
  /** The name of the user or the client then; of an operator, the system user. */
  name?: AuditName;
}

/** What it happened to. */
export interface AuditTarget {
  /**
   * `user`, `role`, `client`, `key`, `secret`, `database`, `audit` or `invitation`; absent in what versions before 0.2 wrote.
   * @maxLength 50
   * @pattern ^[a-z_]+$
   */
  kind?: string;
  id: AuditSubjectId;
  name?: AuditName;
}

/** What changed: which fields there are depends on the event, and docs/audit.md says it. Never a secret. */
export interface AuditDetails {
  [field: string]: unknown;
}

/** What happened, once or several times. */
export interface AuditEntry {
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
  /** Absent where nobody is known to have acted, as in a failed login. */
  actor?: AuditActor;
  /** Absent where it happened to nothing in particular. */
  target?: AuditTarget;
  /** The session that it happened to, otherwise the one that the actor acted in. */
  session_id?: Id;
  /**
   * The IP address it came from; of counted events over IPv6 the network.
   * @maxLength 255
   * @pattern ^[0-9A-Za-z.:%/_-]*$
   */
  address?: string;
  /**
   * The `User-Agent` of the request, with control characters replaced by spaces.
   * @maxLength 255
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  user_agent?: string;
  /**
   * The `X-Request-Id` of the request.
   * @maxLength 200
   * @pattern ^[!-~]*$
   */
  request_id?: string;
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
  /**
   * Its place in the chain; absent for the moment before it is chained.
   * @isLong
   * @minimum 1
   * @maximum 9007199254740991
   */
  sequence?: number;
  /**
   * SHA-256 over the hash before it and over this entry, in hexadecimal; absent until it is chained.
   * @minLength 64
   * @maxLength 64
   * @pattern ^[0-9a-f]{64}$
   */
  hash?: string;
}

/**
 * A page of the audit; also the data of each event of the stream.
 * @example { "items": [{ "id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "at": "2026-11-24T09:00:00.000Z", "event": "user_disabled", "actor": { "kind": "user", "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "name": "grace" }, "target": { "kind": "user", "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b11", "name": "ada" }, "session_id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0e", "address": "192.0.2.7", "user_agent": "curl/8.14.1", "request_id": "1f0c7a52-9d3e-4b1a-8c5b-2f1d9e7a6b10", "count": 1, "sequence": 4711, "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }], "next_cursor": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f" }
 */
export interface AuditPage {
  /**
   * The entries of this page.
   * @maxItems 200
   */
  items: AuditEntry[];
  /** Send it as `cursor` for the next page; absent on the last one. */
  next_cursor?: Cursor;
}

/** Which entries to list. All conditions must hold. */
export interface AuditQuery {
  /**
   * What happened: one of the events in docs/audit.md.
   * @minLength 1
   * @maxLength 50
   * @pattern ^[a-z_]+$ must be the name of an event
   */
  event?: string;
  /** Who did it: the id of a user or a client, or the system user that ran a command. */
  actor?: AuditSubjectId;
  /** What it happened to. */
  target?: AuditSubjectId;
  /**
   * The IP address it came from, as the audit has it.
   * @minLength 1
   * @maxLength 255
   * @pattern ^[0-9A-Za-z.:%/_-]+$ must be an IP address
   */
  address?: string;
  /**
   * The first time that is listed.
   * @format date-time
   * @maxLength 35
   * @pattern ^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$ must be a time such as 2026-11-24T09:00:00Z
   */
  from?: string;
  /**
   * The first time after those that are listed.
   * @format date-time
   * @maxLength 35
   * @pattern ^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$ must be a time such as 2026-11-24T09:00:00Z
   */
  to?: string;
  /** Which come first. Default: the newest. */
  order?: AuditOrderName;
  /**
   * The maximum number of entries in a page.
   * @isInt
   * @minimum 1
   * @maximum 200
   * @default 50
   */
  limit?: number;
  /** `next_cursor` of the previous page, with the same conditions and order. Default: the first page. */
  cursor?: Cursor;
}

/**
 * What was revoked: all tokens of a session (`sid`), one token (`jti`), older tokens of a user or a client (`sub`), or
 * older tokens of the users who have a role (`roles`).
 */
export enum RevokedKind {
  Session = 'session',
  Token = 'token',
  Subject = 'subject',
  Role = 'role',
}

/** One revocation. To have it twice is to have it once. */
export interface RevocationEntry {
  kind: RevokedKind;
  /**
   * The session's id, the token's, the user's or client's, or the role's name; `*` for a role: every user.
   * @maxLength 200
   * @pattern ^[\u0020-\u007e]+$
   */
  id: string;
  /**
   * Of a `subject`: tokens whose `ver` is lower are revoked. Of a `role`: tokens whose `roles_ver` is lower, or that have
   * none, are; clients' tokens, which have no `sid`, are not concerned.
   * @isLong
   * @minimum 0
   * @maximum 9007199254740991
   */
  version?: number;
  /**
   * When the last token that it concerns has expired, and it may be forgotten.
   * @format date-time
   */
  expires_at: string;
}

/**
 * A part of the feed, and the data of each event of the stream.
 * @example { "items": [{ "kind": "session", "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "expires_at": "2026-11-24T09:20:00.000Z" }, { "kind": "subject", "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b11", "version": 3, "expires_at": "2026-11-24T09:20:00.000Z" }], "cursor": "WzEsIm9lNGhWT1BQIiwxNzk1NTEwODAwMDAwXQ", "complete": true }
 */
export interface RevocationPage {
  /**
   * What was revoked, in no order.
   * @maxItems 10000
   */
  items: RevocationEntry[];
  /**
   * Where to go on, at once while this is not complete, else at any later time. Keep it as it is.
   * @maxLength 1000
   * @pattern ^[A-Za-z0-9_-]+$
   */
  cursor: string;
  /** Whether a reader who has read up to here knows of everything that was revoked until now. */
  complete: boolean;
}

/** From where to read the feed. */
export interface RevocationQuery {
  /**
   * How many revocations there are at most in an answer.
   * @isInt
   * @minimum 1
   * @maximum 10000
   * @default 1000
   */
  limit?: number;
  /**
   * The `cursor` of the answer before. Without one, or with one that is not known here, everything that is still live.
   * @maxLength 1000
   */
  cursor?: string;
}

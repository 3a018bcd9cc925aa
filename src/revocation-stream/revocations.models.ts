/**
 * What is revoked: all tokens of a session (`sid`), one token (`jti`), earlier tokens of a user or a client (`sub`), or
 * earlier tokens of the users who have a role (`roles`).
 */
export enum RevokedKind {
  Session = 'session',
  Token = 'token',
  Subject = 'subject',
  Role = 'role',
}

/** One revocation. Receiving it again has no effect. */
export interface RevocationEntry {
  kind: RevokedKind;
  /**
   * The id of the session, token, user or client, or the name of the role; the role `*` stands for every user.
   * @maxLength 200
   * @pattern ^[\u0020-\u007e]+$
   */
  id: string;
  /**
   * For a `subject`: its tokens with a lower `ver` are revoked. For a `role`: its holders' tokens with a lower `roles_ver`
   * or without one are revoked, except clients' tokens, which have no `sid`.
   * @isLong
   * @minimum 0
   * @maximum 9007199254740991
   */
  version?: number;
  /**
   * When the last revoked token expires; the revocation can be dropped then.
   * @format date-time
   */
  expires_at: string;
}

/**
 * A page of revocations; also the data of each event of the stream.
 * @example { "items": [{ "kind": "session", "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "expires_at": "2026-11-24T09:20:00.000Z" }, { "kind": "subject", "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b11", "version": 3, "expires_at": "2026-11-24T09:20:00.000Z" }], "cursor": "WzEsIm9lNGhWT1BQIiwxNzk1NTEwODAwMDAwXQ", "complete": true }
 */
export interface RevocationPage {
  /**
   * The revocations, in no particular order.
   * @maxItems 10000
   */
  items: RevocationEntry[];
  /**
   * Where the next page begins: read it at once if this page is not `complete`, otherwise at any later time. Opaque.
   * @maxLength 1000
   * @pattern ^[A-Za-z0-9_-]+$
   */
  cursor: string;
  /** Whether the reader now knows everything that has been revoked so far. */
  complete: boolean;
}

/** Which page of revocations to read. */
export interface RevocationQuery {
  /**
   * Maximum number of revocations in the response.
   * @isInt
   * @minimum 1
   * @maximum 10000
   * @default 1000
   */
  limit?: number;
  /**
   * The `cursor` of the previous response. If it is missing or unknown, the first page of all current revocations.
   * @maxLength 1000
   */
  cursor?: string;
}

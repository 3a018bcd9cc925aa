import type { Id, RoleName } from '../http/api-types.js';
import type { Cursor } from '../http/pagination.js';

/**
 * An invitation that was not accepted yet.
 * @example { "id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "email": "grace@example.com", "roles": ["auditor"], "invited_by": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "created_at": "2026-11-24T09:00:00.000Z", "expires_at": "2026-12-01T09:00:00.000Z" }
 */
export interface Invitation {
  id: Id;
  /**
   * The e-mail address that it was sent to.
   * @maxLength 254
   * @pattern ^[!-~]+$
   */
  email: string;
  /**
   * Names of the roles that the account will have.
   * @maxItems 1000
   */
  roles: RoleName[];
  /** The user who has sent it; absent where the operator has. */
  invited_by?: Id;
  /**
   * When it was sent.
   * @format date-time
   */
  created_at: string;
  /**
   * When its link stops working.
   * @format date-time
   */
  expires_at: string;
}

/**
 * A page of invitations, oldest first.
 * @example { "items": [{ "id": "0199f3c2-7f00-7b12-9d3e-5a6b7c8d9e0f", "email": "grace@example.com", "roles": ["auditor"], "invited_by": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "created_at": "2026-11-24T09:00:00.000Z", "expires_at": "2026-12-01T09:00:00.000Z" }] }
 */
export interface InvitationPage {
  /**
   * The invitations of this page.
   * @maxItems 200
   */
  items: Invitation[];
  /** Send it as `cursor` for the next page; absent on the last one. */
  next_cursor?: Cursor;
}

/** Which invitations to list. */
export interface InvitationQuery {
  /**
   * The maximum number of invitations in a page.
   * @isInt
   * @minimum 1
   * @maximum 200
   * @default 50
   */
  limit?: number;
  /** `next_cursor` of the previous page. Default: the first page. */
  cursor?: Cursor;
}

/**
 * Who is invited, and to what.
 * @example { "email": "grace@example.com", "language": "en" }
 */
export interface CreateInvitationRequest {
  /**
   * The e-mail address that the link is sent to.
   * @minLength 3
   * @maxLength 320
   * @pattern ^[^\u0000-\u001f\u007f]+$ must have no control characters
   */
  email: string;
  /**
   * Names of the roles that the account will have. Default: none.
   * @maxItems 1000
   */
  roles?: RoleName[];
  /**
   * The language of the message, and of later ones (BCP 47). Default: `LATCHKEY_MAIL_LANGUAGE`.
   * @minLength 2
   * @maxLength 35
   * @pattern ^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$ must be a language tag, such as de or de-AT
   */
  language?: string;
}

/**
 * The account that is made of an invitation.
 * @example { "token": "lk_in_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhl", "username": "grace", "password": "a-long-password-of-hers" }
 */
export interface AcceptInvitationRequest {
  /**
   * The token in the link.
   * @minLength 1
   * @maxLength 100
   * @pattern ^[A-Za-z0-9_-]+$ must be the token of an invitation
   */
  token: string;
  /**
   * The name to log in with. The rules are those of `POST /users`.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\s\u0000-\u001f\u007f]([^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f])?$ must not have control characters, nor white space at either end
   */
  username: string;
  /**
   * 8 characters or more, 15 recommended; not among the common ones.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  password: string;
  /**
   * The name to be shown.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]+$ must have no control characters
   */
  display_name?: string;
}

/**
 * The account that was made.
 * @example { "id": "0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10", "username": "grace", "email": "grace@example.com", "roles": ["auditor"] }
 */
export interface AcceptedInvitation {
  id: Id;
  /**
   * The name to log in with.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  username: string;
  /**
   * The address, which the invitation has verified.
   * @maxLength 254
   * @pattern ^[!-~]+$
   */
  email: string;
  /**
   * Names of the account's roles.
   * @maxItems 1000
   */
  roles: RoleName[];
}

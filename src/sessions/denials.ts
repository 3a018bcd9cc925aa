import type { RequestContext } from '../http/request-context.js';

/** A refusal that an operator wants to see: why, which the client is not told in such detail. */
export type DeniedReason =
  | 'unknown_user'
  | 'wrong_password'
  | 'disabled_user'
  /** The right one-time password, which was used before or has expired. */
  | 'one_time_password_over'
  | 'rate_limited'
  | 'refresh_token_reused';
export type OnDenied = (reason: DeniedReason, context: RequestContext, userId?: string) => void;

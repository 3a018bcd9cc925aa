import type { RequestContext } from '../http/request-context.js';

/** Why a login or refresh was denied. For the log; the response says less. */
export type DeniedReason =
  | 'unknown_user'
  | 'wrong_password'
  | 'wrong_passkey'
  | 'wrong_login_link'
  | 'disabled_user'
  /** The correct one-time password, but used before or expired. */
  | 'one_time_password_over'
  | 'wrong_second_factor'
  | 'rate_limited'
  | 'refresh_token_reused';
export type OnDenied = (reason: DeniedReason, context: RequestContext, userId?: string) => void;

const alarming = new Set(['refresh_token_reused', 'audit_seal_unverified', 'audit_set_back']);
const refusals = new Set([
  'login_failed',
  'login_refused',
  'permission_denied',
  'client_authentication_failed',
]);

/** Whether somebody should look at it now. */
export function isAlarming(event: string): boolean {
  return alarming.has(event);
}

/** Whether what was tried did not happen. */
export function isRefusal(event: string): boolean {
  return refusals.has(event) || alarming.has(event);
}

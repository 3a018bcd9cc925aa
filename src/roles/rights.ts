/** What a user may do, as it stands in the transaction that reads it. */
export interface AccountRights {
  readonly version: number;
  /** What the tokens of holders of a role are compared by; see `roles-version.ts`. */
  readonly roles_version: number;
  /** The epoch of the user's live sessions. */
  readonly session_epoch: number;
  readonly password_one_time: number;
  readonly username: string;
  /** Space-separated; null where there are none. */
  readonly roles: string | null;
  readonly permissions: string | null;
}

/** The words of a space-separated list, each once, sorted. */
export function parseScope(text: string | null): string[] {
  return [...new Set((text ?? '').split(' ').filter((word) => word !== ''))].sort();
}

import type { AccessTokenType } from './access-token-types.js';
import type { Hooks } from './hooks.js';

export interface AccessTokenOptions {
  readonly issuer: string;
  /** Issuers whose tokens are accepted. */
  readonly acceptedIssuers: readonly string[];
  /** The default audience, for grants without one. */
  readonly audience: readonly string[];
  /** Audiences whose tokens this service's own protected operations accept. */
  readonly acceptedAudiences: readonly string[];
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds. */
  readonly leeway: number;
  /** Whether tokens have `nbf`. */
  readonly notBefore: boolean;
  /** The header's `typ`. */
  readonly type: AccessTokenType;
  /** The authentication scheme of access tokens: `Bearer` (RFC 6750) by default. */
  readonly scheme: string;
  /** Maximum length of a user's token in characters; lower if tokens are sent in cookies. */
  readonly maxLength: number;
  readonly hooks: Pick<Hooks, 'additionalClaims' | 'additionalHeaders'>;
}

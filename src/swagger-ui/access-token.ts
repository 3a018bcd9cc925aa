/** The claims of an access token that the page shows. The page does not verify the token: the service does. */
export interface TokenFacts {
  /** The user's id, or the client's. */
  readonly subject: string;
  /** Undefined for a client's token, which has no session. */
  readonly sessionId: string | undefined;
  readonly permissions: readonly string[];
  /** Milliseconds since the Unix epoch, by the service's clock. */
  readonly expiresAt: number;
  /** Whether the account has a one-time password, with which it has no permissions. */
  readonly passwordChangeRequired: boolean;
}

/** @returns undefined for a text that is not a JWT with `sub` and `exp`. */
export function readAccessToken(token: string): TokenFacts | undefined {
  const claims = decodePayload(token);
  const { sub: subject, exp } = claims;
  if (typeof subject !== 'string' || typeof exp !== 'number') return undefined;
  const { sid, scope } = claims;
  return {
    subject,
    sessionId: typeof sid === 'string' ? sid : undefined,
    permissions: typeof scope === 'string' ? scope.split(' ').filter((each) => each !== '') : [],
    expiresAt: exp * 1000,
    passwordChangeRequired: claims.pwd_change === true,
  };
}

type Claims = Readonly<Partial<Record<'sub' | 'exp' | 'sid' | 'scope' | 'pwd_change', unknown>>>;

function decodePayload(token: string): Claims {
  const [, payload = ''] = token.split('.');
  try {
    const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    const claims = JSON.parse(text) as unknown;
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    // Any text may be pasted into the Authorize dialog; it is sent as it is.
    return {};
  }
}

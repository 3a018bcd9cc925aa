/** What the page shows of an access token. It only reads the claims; to verify them is up to the service. */
export interface TokenFacts {
  /** The user's id, or the client's. */
  readonly subject: string;
  /** Undefined: the token of a client, which has no session. */
  readonly sessionId: string | undefined;
  readonly permissions: readonly string[];
  /** Milliseconds since the Unix epoch, by the service's clock. */
  readonly expiresAt: number;
  /** There are no permissions until a one-time password is replaced. */
  readonly passwordChangeRequired: boolean;
}

/** @returns undefined where it is no JWT that says whose it is and until when. */
export function readAccessToken(token: string): TokenFacts | undefined {
  const claims = payloadOf(token);
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

function payloadOf(token: string): Claims {
  const [, payload = ''] = token.split('.');
  try {
    const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    const claims = JSON.parse(text) as unknown;
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    // Whatever was pasted into the Authorize dialog: it is sent as it is, and has nothing to show.
    return {};
  }
}

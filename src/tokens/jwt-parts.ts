/** The three parts of a JWT in compact form (RFC 7519 §3); a signature may be empty here. */
export type JwtParts = readonly [header: string, claims: string, signature: string];

export function jwtParts(token: string): JwtParts | undefined {
  const [header, claims, signature, ...others] = token.split('.');
  if (header === undefined || claims === undefined || signature === undefined || others.length > 0) {
    return undefined;
  }
  return [header, claims, signature];
}

/** Base64 decoders forgive padding, stray characters and trailing bits; one token has one spelling. */
export function isBase64url(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

/**
 * What a part says, spelled as this service spells it: JSON parsers take the last of two members of one name, and
 * others the first.
 * @returns undefined for anything else.
 */
export function readJwtPart(part: string): unknown {
  if (!isBase64url(part)) return undefined;
  const text = Buffer.from(part, 'base64url').toString();
  try {
    const value = JSON.parse(text) as unknown;
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Base64 decoders forgive padding, stray characters and trailing bits; one token has one spelling. */
export function readBase64url(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

/**
 * What a part says that nothing vouches for yet, spelled as this service spells it: JSON parsers take the last of two
 * members of one name, and others the first.
 * @returns undefined for anything else.
 */
export function readJwtPart(part: string): unknown {
  const text = readBase64url(part)?.toString();
  if (text === undefined) return undefined;
  const value = parse(text);
  return JSON.stringify(value) === text ? value : undefined;
}

/**
 * What a part says whose signature is good: of two members of one name the last (RFC 7519 §4).
 * @returns undefined for what is no JSON.
 */
export function readSigned(part: string): unknown {
  return parse(Buffer.from(part, 'base64url').toString());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

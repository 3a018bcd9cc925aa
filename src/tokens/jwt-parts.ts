/** Base64 decoders forgive padding, stray characters and trailing bits; one token has one spelling. */
export function readBase64url(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

/**
 * What a part says, spelled as this service spells it: JSON parsers take the last of two members of one name, and
 * others the first.
 * @returns undefined for anything else.
 */
export function readJwtPart(part: string): unknown {
  const text = readBase64url(part)?.toString();
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

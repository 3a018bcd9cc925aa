import type { Hooks } from './hooks.js';

type Members = Readonly<Record<string, unknown>>;

/**
 * The members that a hook adds to a token, without reserved names.
 * @throws {Error} if a string in them has a lone surrogate: JSON can represent it, but readers differ in what they make of
 *   it (RFC 8259 §8.2).
 */
export function selectAddedMembers(
  hook: keyof Hooks,
  members: Members = {},
  ownNames: ReadonlySet<string>,
): Record<string, unknown> {
  const added = Object.fromEntries(Object.entries(members).filter(([name]) => !ownNames.has(name)));
  const text = JSON.stringify(added);
  // JSON.stringify escapes lone surrogates, and only those, as \udXXX.
  if (text.includes('\\ud')) {
    JSON.parse(text, (name, value: unknown) => {
      if (name.isWellFormed() && (typeof value !== 'string' || value.isWellFormed())) return value;
      throw new Error(
        `The hook ${hook} adds ${JSON.stringify(name)}, which is not well-formed Unicode: it has half of a surrogate pair. Call toWellFormed(), or leave it out.`,
      );
    });
  }
  return added;
}

/**
 * Replaces each character by those with the codes of its UTF-8 bytes: jsonwebtoken writes the header as Latin-1, and
 * RFC 7515 §2 requires UTF-8.
 */
export function encodeUtf8AsLatin1(members: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(members);
  return text === '{}' ? members : (JSON.parse(Buffer.from(text).toString('latin1')) as typeof members);
}

import type { Hooks } from './hooks.js';

type Members = Readonly<Record<string, unknown>>;

/**
 * What a hook adds to a token, without the names that are the service's own.
 * @throws {Error} where a text in it has half of a surrogate pair: JSON can write it, but each reader makes something else
 *   of it, mostly U+FFFD (RFC 8259 §8.2).
 */
export function selectAddedMembers(
  hook: keyof Hooks,
  members: Members = {},
  ownNames: ReadonlySet<string>,
): Record<string, unknown> {
  const added = Object.fromEntries(Object.entries(members).filter(([name]) => !ownNames.has(name)));
  const text = JSON.stringify(added);
  // JSON.stringify escapes what is not well-formed, and nothing else in that way.
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
 * The same members, each character by the bytes of its UTF-8: jsonwebtoken writes the lower byte of each into the header,
 * where RFC 7515 §2 has UTF-8.
 */
export function encodeUtf8AsLatin1(members: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(members);
  return text === '{}' ? members : (JSON.parse(Buffer.from(text).toString('latin1')) as typeof members);
}

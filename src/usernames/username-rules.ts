import { toUsernameKey } from './username.js';
import { validateProfile } from './username-profile.js';
import { isSingleScript } from './username-scripts.js';

/** The rules for new names, strictest first. Existing names keep working under all of them. */
export const usernameRules = ['distinct', 'precis', 'any'] as const;
export type UsernameRules = (typeof usernameRules)[number];

/** UTF-16 units. */
const maxKeyLength = 800;

/** Why a name is not allowed, to be put after the field's name in a message; undefined if it is allowed. */
export function validateUsername(name: string, rules: UsernameRules): string | undefined {
  // NFKC can turn one character into eighteen, and an entry in PostgreSQL's index has at most 2,704 bytes.
  if (toUsernameKey(name).length > maxKeyLength) return 'is too long where its characters are taken apart';
  if (rules === 'any') return undefined;
  const error = validateProfile(name);
  if (error !== undefined || rules === 'precis') return error;
  return isSingleScript(name)
    ? undefined
    : 'must be written in one script: letters of several that look alike make names that look alike';
}

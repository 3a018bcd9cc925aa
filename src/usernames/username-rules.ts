import { usernameKey } from './username.js';
import { validateProfile } from './username-profile.js';
import { isSingleScript } from './username-scripts.js';

/** What names may be set, from the strictest on. Names that are there already go on working under all of them. */
export const usernameRules = ['distinct', 'precis', 'any'] as const;
export type UsernameRules = (typeof usernameRules)[number];

/** UTF-16 units. */
const maxKeyLength = 800;

/** Why a name cannot be set; undefined where it can. For a person, after the field's name. */
export function validateUsername(name: string, rules: UsernameRules): string | undefined {
  // Of one character NFKC can make eighteen, and PostgreSQL's index takes 2,704 bytes.
  if (usernameKey(name).length > maxKeyLength) return 'is too long where its characters are taken apart';
  if (rules === 'any') return undefined;
  const error = validateProfile(name);
  if (error !== undefined || rules === 'precis') return error;
  return isSingleScript(name)
    ? undefined
    : 'must be written in one script: letters of several that look alike make names that look alike';
}

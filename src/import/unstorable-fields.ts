import { findUnstorable } from '../text/storable-text.js';
import type { ForeignUser } from './foreign-user.js';

/**
 * What is wrong with a user's texts, in the words of a report: PostgreSQL ends a whole transaction because of U+0000. Those of
 * second factors are for `checkPasskeys` and `chooseFactors`, because they can be left out.
 */
export function findUnstorableField(user: ForeignUser): string | undefined {
  for (const [name, value] of Object.entries(user)) {
    const errors = [value]
      .flat()
      .map((each) => (typeof each === 'string' ? findUnstorable(each) : undefined));
    const error = errors.find((each) => each !== undefined);
    if (error !== undefined) return `${toFieldName(name)} ${error}: correct it, or leave it out`;
  }
  return undefined;
}

/** As files have it. */
function toFieldName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

import { maxPasswordLength, minPasswordLength } from './password-length.js';
import { minBesideWords } from './context-words.js';

/** Why a password is not allowed, as far as that is known without another service. */
export type LocalPasswordViolation =
  | { readonly code: 'unfit_character'; readonly reason: string; readonly codePoint: string }
  | { readonly code: 'too_short' | 'too_long' | 'username' | 'common' }
  | { readonly code: 'context_word'; readonly word: string };

/** Why a password is not allowed. */
export type PasswordViolation = LocalPasswordViolation | { readonly code: 'breached' };

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** Texts to be put after the field's name in a message. */
const english: Readonly<
  Record<Exclude<PasswordViolation['code'], 'unfit_character' | 'context_word'>, string>
> = {
  too_short: `must have ${minPasswordLength} characters or more`,
  too_long: `must have ${maxPasswordLength} characters or fewer`,
  username: 'must not be the username',
  common: 'is among the most common passwords, which are tried first',
  breached: 'has become known in a data breach, and such passwords are tried first: choose another one',
};

const german: typeof english = {
  too_short: `muss mindestens ${minPasswordLength} Zeichen haben`,
  too_long: `darf höchstens ${maxPasswordLength} Zeichen haben`,
  username: 'darf nicht der Benutzername sein',
  common: 'gehört zu den häufigsten Passwörtern, die zuerst probiert werden',
  breached:
    'ist durch ein Datenleck bekannt geworden, und solche werden zuerst probiert: Wählen Sie ein anderes',
};

export function describeViolation(violation: PasswordViolation, language: Language = 'en'): string {
  const isGerman = language === 'de';
  switch (violation.code) {
    case 'unfit_character':
      return isGerman
        ? `muss aus Zeichen bestehen, die man sehen und tippen kann: ${violation.codePoint} darf nicht vorkommen`
        : violation.reason;
    case 'context_word':
      return isGerman
        ? `muss außer „${violation.word}“ mindestens ${minBesideWords} Zeichen haben: Namen werden zuerst probiert`
        : `must have ${minBesideWords} characters or more beside “${violation.word}”: names are tried first`;
    default:
      return (isGerman ? german : english)[violation.code];
  }
}

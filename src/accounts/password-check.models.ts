/** Why a password may not be set. */
export enum PasswordRefusalCode {
  UnfitCharacter = 'unfit_character',
  TooShort = 'too_short',
  TooLong = 'too_long',
  Username = 'username',
  Common = 'common',
  ContextWord = 'context_word',
}

/** How strong a password is, from the weakest. */
export enum PasswordStrengthName {
  VeryWeak = 'very_weak',
  Weak = 'weak',
  Fair = 'fair',
  Strong = 'strong',
  VeryStrong = 'very_strong',
}

/** A language of texts. */
export enum TextLanguage {
  English = 'en',
  German = 'de',
}

/**
 * A password to rate, and what is known of whose it will be: a password that consists of such names is weaker.
 * @example { "password": "correct horse battery", "username": "ada", "language": "en" }
 */
export interface PasswordCheckRequest {
  /**
   * The password. It is neither stored nor logged; of a long one the first 64 characters are rated.
   * @format password
   * @minLength 1
   * @maxLength 4096
   */
  password: string;
  /**
   * The name of the account.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]+$ must have no control characters
   */
  username?: string;
  /**
   * The e-mail address of the account.
   * @minLength 1
   * @maxLength 320
   * @pattern ^[^\u0000-\u001f\u007f]+$ must have no control characters
   */
  email?: string;
  /**
   * The name of the person.
   * @minLength 1
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]+$ must have no control characters
   */
  display_name?: string;
  /** The language of the texts. Default: of English and German, the one that `Accept-Language` prefers. */
  language?: TextLanguage;
}

/** Why the password may not be set. */
export interface PasswordRefusal {
  code: PasswordRefusalCode;
  /**
   * The reason, to be put after "The password".
   * @maxLength 500
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  text: string;
}

/**
 * How strong a password is, in words.
 * @example { "allowed": true, "score": 4, "strength": "very_strong", "text": "Very strong", "suggestions": [], "guesses_log10": 12.3 }
 */
export interface PasswordCheckResult {
  /** Whether it may be set. Passwords of data breaches are looked up when it is set, and not here. */
  allowed: boolean;
  /** Why not; absent where it may. */
  refusal?: PasswordRefusal;
  /**
   * From 0, very weak, to 4, very strong; 0 where it may not be set.
   * @isInt
   * @minimum 0
   * @maximum 4
   */
  score: number;
  strength: PasswordStrengthName;
  /**
   * The strength, to be shown.
   * @maxLength 100
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  text: string;
  /**
   * What makes it weak, to be shown; absent where nothing does.
   * @maxLength 500
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  warning?: string;
  /**
   * What would make it stronger, to be shown.
   * @maxItems 20
   */
  suggestions: PasswordSuggestion[];
  /**
   * The decimal logarithm of the number of guesses that find it: 6 stands for a million.
   * @minimum 0
   * @maximum 1000
   */
  guesses_log10: number;
}

/**
 * A suggestion.
 * @maxLength 500
 * @pattern ^[^\u0000-\u001f\u007f]*$
 */
export type PasswordSuggestion = string;

/** What a message says, apart from its form. */
export interface MessageWords {
  readonly subject: string;
  readonly body: readonly Block[];
}

/** A paragraph, a link that stands by itself, or a code to type in. */
export type Block = string | { readonly label: string; readonly link: string } | { readonly code: string };

/** A message as it is sent. */
export interface Message {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** What happened to an account, from where. */
export interface Occurrence {
  /** As RFC 3339 has it, in UTC. */
  readonly at: string;
  /** The IP address that it came from; empty where it is unknown. */
  readonly address: string;
}

/** The same, with what to do where it was somebody else. */
export interface SafetyOccurrence extends Occurrence {
  /** Takes the account back. */
  readonly link: string;
  /** For how many the link is good. */
  readonly days: number;
}

/** Which variables each message has. */
export interface MessageVariables {
  /** To the address that somebody has entered, to prove that it is theirs. */
  readonly address_verification: { readonly link: string; readonly code: string; readonly minutes: number };
  /** To the address that somebody has registered with. */
  readonly registration: { readonly link: string; readonly code: string; readonly hours: number };
  /** To the owner of an address with which somebody has tried to register. */
  readonly address_known: { readonly link: string };
  readonly password_reset: { readonly link: string; readonly minutes: number };
  readonly login_link: { readonly link: string; readonly minutes: number };
  /** To the address that somebody with the right to do so has named. */
  readonly invitation: { readonly link: string; readonly days: number };
  /** To the owner of an address that another account has asked for. */
  readonly address_taken: Occurrence;
  /** To the address that an account has, before the new one is verified. */
  readonly address_change_requested: SafetyOccurrence;
  /** To the address that an account had until now. */
  readonly address_changed: SafetyOccurrence;
  /** To an address that was taken from an account, with nothing that its owner could do about it. */
  readonly address_removed: Occurrence;
  /** From a network or with a program that is new to the account. */
  readonly new_login: SafetyOccurrence & UsedProgram;
  readonly password_changed: SafetyOccurrence;
  readonly factor_added: SafetyOccurrence & {
    readonly factor: Factor;
    /** Whether the link removes it. */
    readonly removable: boolean;
  };
  readonly factor_removed: SafetyOccurrence & { readonly factor: Factor };
  /** In the place of another second factor, in a login. */
  readonly recovery_code_used: SafetyOccurrence & { readonly left: number };
}

/** The messages with a link that takes the account back. */
export type SafetyMessageName = {
  [Name in keyof MessageVariables]: MessageVariables[Name] extends SafetyOccurrence ? Name : never;
}[keyof MessageVariables];

/** Of closed lists: nothing that a client says of itself is in a message. */
interface UsedProgram {
  /** Empty: another program. */
  readonly browser: string;
  /** Empty: unknown. */
  readonly system: string;
}

/** Another proof than the password. */
export type Factor = 'totp' | 'recovery_codes' | 'passkey';

export type MessageName = keyof MessageVariables;

/** What every message has. */
export interface CommonVariables {
  /** The name of what sends, as people know it. */
  readonly service: string;
}

/** The messages in one language. */
export type Language = {
  readonly [Name in MessageName]: (variables: MessageVariables[Name] & CommonVariables) => MessageWords;
};

const occurrence = { at: '2026-11-24T09:00:00.000Z', address: '192.0.2.7' };
const safetyOccurrence = {
  ...occurrence,
  link: 'https://app.example.com/not-me?token=lk_nm_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU',
  days: 7,
};
const addressOccurrence = {
  ...safetyOccurrence,
  link: 'https://app.example.com/undo-email?token=lk_eu_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU',
};

/** For documentation, previews, and to try templates with. */
export const exampleVariables: MessageVariables = {
  address_verification: {
    link: 'https://app.example.com/verify-email?token=lk_ev_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU',
    code: '481 516',
    minutes: 60,
  },
  registration: {
    link: 'https://app.example.com/verify-email?token=lk_rg_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU',
    code: '481 516',
    hours: 24,
  },
  address_known: { link: 'https://app.example.com/forgot-password' },
  invitation: {
    link: 'https://app.example.com/invitation?token=lk_in_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhl',
    days: 7,
  },
  password_reset: {
    link: 'https://app.example.com/reset-password?token=lk_pr_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU',
    minutes: 30,
  },
  login_link: {
    link: 'https://app.example.com/login?token=lk_ll_Zm9ydHkgcmFuZG9tIGJ5dGVzIGluIGhlcmU',
    minutes: 15,
  },
  address_taken: occurrence,
  address_change_requested: addressOccurrence,
  address_changed: addressOccurrence,
  address_removed: occurrence,
  new_login: { ...safetyOccurrence, browser: 'Firefox', system: 'Linux' },
  password_changed: safetyOccurrence,
  factor_added: { ...safetyOccurrence, factor: 'totp', removable: true },
  factor_removed: { ...safetyOccurrence, factor: 'passkey' },
  recovery_code_used: { ...safetyOccurrence, left: 9 },
};

export const messageNames = Object.keys(exampleVariables) as readonly MessageName[];

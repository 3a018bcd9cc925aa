import type { Actor } from '../audit/actor.js';
import type { UsernameRules } from '../usernames/username-rules.js';

export interface ImportOptions {
  /** The name under which the application's ids are kept. */
  readonly source: string;
  /** Whether nothing is written. */
  readonly dryRun: boolean;
  /** Role there → role here; an empty one: none. */
  readonly roles: ReadonlyMap<string, string>;
  /** What becomes of a role that is neither mapped nor here. */
  readonly unknownRoles: 'refuse' | 'create' | 'ignore';
  /** Whether users are imported without second factors that cannot be taken over; otherwise they are not imported. */
  readonly ignoreFactors?: boolean | undefined;
  /** Name there → name here. */
  readonly renames: ReadonlyMap<string, string>;
  /** Whether users log in with their e-mail addresses. */
  readonly emailAsUsername: boolean;
  readonly usernames: UsernameRules;
  /** How many tokens that the application had revoked were taken over before. */
  readonly revokedTokens?: number | undefined;
  readonly actor: Actor;
}

/** What is wrong with a user, who is not imported unless the finding says so. */
export interface Finding {
  /** Where the source has it. */
  readonly place: string;
  readonly username?: string | undefined;
  /** What is wrong, and what to do. */
  readonly message: string;
  /** How many users it is said of, where the one who is named is the first of them. */
  readonly users?: number;
  /** Whether the user is imported all the same, or would be. */
  readonly imported?: true;
}

export interface ImportCounts {
  readonly read: number;
  /** With a dry run: would be imported. */
  readonly imported: number;
  /** Imported by an earlier run. */
  readonly skipped: number;
  /** Imported by an earlier run, and deleted here since. */
  readonly deleted: number;
  /** With findings. */
  readonly refused: number;
  readonly withoutPassword: number;
  /** With an address that another user has, or has proved, or that messages cannot be sent to: it is kept as it was there alone. */
  readonly withoutAddress: number;
  /** With a second factor. */
  readonly withFactors: number;
  /** Of these, without codes for when it is lost. */
  readonly withoutRecoveryCodes: number;
  /** Who had a second factor that was left out. */
  readonly withoutFactors: number;
  /** Hashes that compare 72 bytes of a password. */
  readonly bcrypt: number;
}

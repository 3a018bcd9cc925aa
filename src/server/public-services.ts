import type { Logger } from 'pino';
import type { Actor } from '../audit/actor.js';
import type { Clock } from '../clock.js';
import type { PublicDatabase } from '../database/public-database.js';

/** An account, as a project sees it. */
export interface Account {
  readonly id: string;
  readonly username: string;
  /** Undefined: the account has none. */
  readonly email: string | undefined;
  /** Whether the address is known to be the user's. */
  readonly emailVerified: boolean;
  readonly displayName: string | undefined;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

export interface NewAccount {
  readonly username: string;
  readonly password: string;
  readonly email?: string;
  /** Whether you know that the address is the user's. Default: not. */
  readonly emailVerified?: boolean;
  readonly displayName?: string;
  /** None by default. */
  readonly roles?: readonly string[];
  /** Whether the password is good for one login, after which the user chooses another. Default: as the settings say. */
  readonly oneTime?: boolean;
}

export interface AccountChange {
  readonly username?: string;
  /** An empty text removes it; another address than before is not verified unless `emailVerified` says so. */
  readonly email?: string;
  readonly emailVerified?: boolean;
  /** An empty text removes it. */
  readonly displayName?: string;
  readonly password?: string;
  readonly oneTime?: boolean;
  readonly disabled?: boolean;
  readonly roles?: readonly string[];
}

/** Accounts. What takes rights away takes effect on the user's next request; each change is in the audit. */
export interface Accounts {
  /** @throws {Problem} `user_not_found`. */
  get(id: string): Promise<Account>;
  /** @throws {Problem} `username_taken`, `email_taken`; `validation_failed` for an invalid name, address, password or role; `busy`. */
  create(account: NewAccount, actor: Actor): Promise<Account>;
  /** @throws {Problem} `user_not_found`, `username_taken`, `email_taken`, `last_administrator`, `validation_failed`, `busy`. */
  update(id: string, change: AccountChange, actor: Actor): Promise<Account>;
  /** @throws {Problem} `user_not_found`, `last_administrator`. */
  delete(id: string, actor: Actor): Promise<void>;
  /** Ends all sessions of a user, and refuses all tokens. */
  endSessions(id: string, actor: Actor): Promise<void>;
}

/** What a project gets of Latchkey: its controllers in their constructor, and its services as `latchkey`. */
export interface PublicServices {
  readonly accounts: Accounts;
  readonly database: PublicDatabase;
  readonly clock: Clock;
  readonly log: Logger;
  /** The URL that clients know the service by. */
  readonly issuer: string;
}

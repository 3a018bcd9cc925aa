import type { Database, Queries } from '../database/database.js';
import type { PasswordOwner } from '../passwords/context-words.js';
import type { NewPasswords } from '../passwords/new-passwords.js';
import type { Passwords } from '../passwords/passwords.js';
import type { LoginLimiter } from './login-limiter.js';

/** Verifies the password of a user who is already logged in, and has a new one hashed and announced. */
export class PasswordConfirmation {
  constructor(
    private readonly database: Database,
    private readonly passwords: Passwords,
    private readonly newPasswords: NewPasswords,
    private readonly limiter: LoginLimiter,
  ) {}

  /**
   * Limited like logins, so that a thief of an access token cannot guess the password; counted per session, so that the thief
   * cannot block logins.
   * @throws {Problem} `too_many_attempts`, `busy`.
   */
  verify(passwordHash: string, password: string, sessionId: string): Promise<boolean> {
    const { database, passwords, limiter } = this;
    return limiter.attempt({ account: `session:${sessionId}`, address: '', known: true }, async (attempt) => {
      const matches = await passwords.verify(passwordHash, password);
      if (matches) {
        await database.batch(attempt.forgive(database.queries).map((query) => ({ query })));
        attempt.succeed();
      }
      return matches;
    });
  }

  /** @throws {Problem} as `NewPasswords.hash`. */
  hashNew(field: string, password: string, owner: PasswordOwner): Promise<string> {
    return this.newPasswords.hash(field, password, owner);
  }

  /** As `NewPasswords.announce`. */
  announceNew(queries: Queries, userId: string, address: string | null): Promise<void> {
    return this.newPasswords.announce(queries, userId, address);
  }
}

import { createSecretKey, type KeyObject } from 'node:crypto';
import { getEpochSeconds, type Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { Problem } from '../problems/problem.js';
import { parseScope } from '../roles/rights.js';
import { verifyFlaskToken, type FlaskToken } from '../tokens/flask-token.js';
import { legacyUsersStore } from './legacy-users.store.js';

export interface LegacyTokenVerifierOptions {
  /** What the other application signs with. */
  readonly secret: string;
  /** Milliseconds since the Unix epoch: none of its tokens is accepted from then on. */
  readonly until: number;
  /** Seconds. */
  readonly leeway: number;
  /** What Latchkey's own operations require: a user who has one of them has to log in. */
  readonly managementPermissions: ReadonlySet<string>;
}

/** The name under which users of the Flask application were imported. */
const source = 'flask';

export type LegacyUser = NonNullable<Awaited<ReturnType<typeof legacyUsersStore.find>>>;

/** Verifies tokens of a Flask application, and finds their users, who were imported from it. */
export class LegacyTokenVerifier {
  readonly #secret: KeyObject;

  constructor(
    private readonly database: Pick<Database, 'queries'>,
    private readonly clock: Clock,
    private readonly options: LegacyTokenVerifierOptions,
  ) {
    this.#secret = createSecretKey(options.secret, 'utf8');
  }

  /** @throws {Problem} `invalid_token`. */
  verify(token: string, type: FlaskToken['type']): FlaskToken {
    return this.#verify(token, type, false);
  }

  /**
   * Verifies a token that is to be revoked: it may be valid now or later, and of a user who is not imported yet.
   * @returns undefined where it is not valid.
   */
  findRevocable(token: string, type: FlaskToken['type']): FlaskToken | undefined {
    try {
      return this.#verify(token, type, true);
    } catch (error) {
      if (error instanceof Problem) return undefined;
      throw error;
    }
  }

  #verify(token: string, type: FlaskToken['type'], ignoreNotBefore: boolean): FlaskToken {
    this.refuseAfterEnd();
    const times = { now: getEpochSeconds(this.clock), leeway: this.options.leeway, ignoreNotBefore };
    return verifyFlaskToken(token, this.#secret, type, times);
  }

  /** @throws {Problem} `invalid_token` where no token of the other application is accepted any more. */
  refuseAfterEnd(): void {
    if (this.clock.now() < this.options.until) return;
    throw new Problem('invalid_token', {
      detail: 'Tokens of the earlier application are not accepted any more. Log in.',
    });
  }

  /** Milliseconds since the Unix epoch. A token that never expires ends when none is accepted any more. */
  computeExpiry({ expiresAt }: FlaskToken): number {
    return Math.min(expiresAt === undefined ? Infinity : expiresAt * 1000, this.options.until);
  }

  findUser({ subject }: FlaskToken): Promise<LegacyUser | undefined> {
    return legacyUsersStore.find(this.database.queries, source, subject);
  }

  /** Whether the user has rights over this service, which no token of another application may use. */
  async isManager(user: Pick<LegacyUser, 'id' | 'permissions'>): Promise<boolean> {
    const { managementPermissions } = this.options;
    return (
      parseScope(user.permissions).some((each) => managementPermissions.has(each)) ||
      legacyUsersStore.isAdministrator(this.database.queries, user.id)
    );
  }
}

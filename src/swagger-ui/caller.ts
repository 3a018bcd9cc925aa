import type { Me } from '../users/users.models.js';
import { readAccessToken } from './access-token.js';
import { isRefused, type Fetch } from './operations.js';
import type { Session } from './session.js';

/**
 * Whose the access token in use is. Its claims have no name, so the service is asked; which also shows whether the
 * service still takes the token.
 */
export class Caller {
  #known: { readonly subject: string; readonly username: string } | undefined;

  constructor(
    private readonly session: Session,
    private readonly fetch: Fetch,
    private readonly meUrl: string,
    private readonly onChange: () => void,
  ) {}

  /** Undefined as long as it is not known. */
  get username(): string | undefined {
    const { token } = this.session;
    const subject = token === undefined ? undefined : readAccessToken(token)?.subject;
    return subject !== undefined && subject === this.#known?.subject ? this.#known.username : undefined;
  }

  async ask(): Promise<void> {
    const { token, isExpired } = this.session;
    // A client's token has no session, and no name to ask for.
    if (token === undefined || isExpired || readAccessToken(token)?.sessionId === undefined) return;
    const answer = await this.fetch(this.meUrl, {
      headers: { Authorization: `Bearer ${token}` },
      credentials: 'omit',
    }).catch(() => undefined); // not reached: the name stays unknown, and the next request will show the rest
    if (answer === undefined || this.session.token !== token) return;
    if (isRefused(answer)) await this.session.renew(token);
    else if (answer.ok) {
      const { id: subject, username } = (await answer.json()) as Me;
      this.#known = { subject, username };
      this.onChange();
    }
  }
}

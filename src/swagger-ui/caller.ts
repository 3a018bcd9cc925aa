import type { Me } from '../users/users.models.js';
import { readAccessToken } from './access-token.js';
import { isRefused, type Fetch } from './operations.js';
import type { Session } from './session.js';

/**
 * The user of the current access token. Its claims have no username, so the service is asked, which also shows whether
 * the service still accepts the token.
 */
export class Caller {
  #known: { readonly subject: string; readonly username: string } | undefined;

  constructor(
    private readonly session: Session,
    private readonly fetch: Fetch,
    private readonly meUrl: string,
    private readonly onChange: () => void,
  ) {}

  /** Undefined while it is not known. */
  get username(): string | undefined {
    const { token } = this.session;
    const subject = token === undefined ? undefined : readAccessToken(token)?.subject;
    return subject !== undefined && subject === this.#known?.subject ? this.#known.username : undefined;
  }

  async ask(): Promise<void> {
    const { token, isExpired } = this.session;
    // A client's token has no session; `GET /me` is for users.
    if (token === undefined || isExpired || readAccessToken(token)?.sessionId === undefined) return;
    const response = await this.fetch(this.meUrl, {
      headers: { Authorization: `Bearer ${token}` },
      credentials: 'omit',
    }).catch(() => undefined); // a network error: the name stays unknown, and the next request shows the error
    if (response === undefined || this.session.token !== token) return;
    if (isRefused(response)) await this.session.renew(token);
    else if (response.ok) {
      const { id: subject, username } = (await response.json()) as Me;
      this.#known = { subject, username };
      this.onChange();
    }
  }
}

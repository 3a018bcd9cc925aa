import type { LoginCompletion } from '../authentication/login-completion.js';
import type { LoginLimiter } from '../authentication/login-limiter.js';
import { reportRateLimit } from '../authentication/report-rate-limit.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { RequestContext } from '../http/request-context.js';
import { createOpaqueToken, hashOpaqueToken } from '../keys/opaque-tokens.js';
import { Problem } from '../problems/problem.js';
import type { OnDenied } from '../sessions/denials.js';
import type { LoginProof } from '../sessions/session-starter.js';
import type { TokenSet } from '../sessions/token-sets.js';
import { accountTokensStore } from './account-tokens.store.js';
import type { LinkKind, MailedLinks } from './mailed-links.js';

const loginLink: LinkKind = {
  purpose: 'login_link',
  template: 'login_link',
  event: 'login_link_requested',
  page: 'login',
  lifetime: 15,
};

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly mailedLinks: MailedLinks;
  readonly limiter: LoginLimiter;
  readonly loginCompletion: LoginCompletion;
  readonly onDenied: OnDenied;
}

export interface RequestedLink {
  /** Without it the link logs nobody in. */
  readonly requestToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/**
 * Logs users in by links that are sent to their verified addresses. A link is of use only to the browser that has asked for
 * it: nobody logs in by a link that somebody else has opened, forwarded or talked its owner into opening.
 */
export class LoginLinksService {
  /** @param isOn whether there are login links. */
  constructor(
    private readonly dependencies: Dependencies,
    private readonly isOn: boolean,
  ) {}

  /**
   * Sends a link to the user of a verified address, and responds the same where there is none.
   * @throws {Problem} `login_links_off`.
   */
  async request(
    address: string,
    language: string | undefined,
    context: RequestContext,
  ): Promise<RequestedLink> {
    this.#requireOn();
    const requestToken = createOpaqueToken();
    const hash = (token: string): string => hashLoginLink(token, requestToken);
    await this.dependencies.mailedLinks.request(loginLink, { address, language, hash }, context);
    return { requestToken, expiresIn: loginLink.lifetime * 60 };
  }

  /**
   * @param deviceToken the value of the cookie of a remembered device.
   * @throws {Problem} `invalid_link`, the same whatever is wrong; `second_factor_required`; `too_many_attempts`;
   *   `login_links_off`.
   */
  async accept(
    { token, requestToken }: { readonly token: string; readonly requestToken: string },
    context: RequestContext,
    deviceToken: string | undefined,
  ): Promise<TokenSet> {
    this.#requireOn();
    const hash = hashLoginLink(token, requestToken);
    // Once more where the account has changed since it was read, as when another login has rehashed its password.
    const tokens =
      (await this.#logIn(hash, context, deviceToken)) ?? (await this.#logIn(hash, context, deviceToken));
    return tokens ?? this.#refuse(context);
  }

  async #logIn(
    hash: string,
    context: RequestContext,
    deviceToken: string | undefined,
  ): Promise<TokenSet | undefined> {
    const { database, clock, loginCompletion } = this.dependencies;
    const which = { purpose: 'login_link', hash, now: clock.now() } as const;
    const user = await accountTokensStore.findUser(database.queries, which);
    if (!user) return undefined;
    const proof: LoginProof = {
      methods: ['mca'],
      consume: (queries) => [accountTokensStore.prepareConsume(queries, which)],
    };
    return loginCompletion.complete(user, proof, context, { deviceToken });
  }

  /** Counts by network, and apart from passwords: somebody who opens an old link must not make others wait there. */
  async #refuse(context: RequestContext): Promise<never> {
    const { limiter, onDenied } = this.dependencies;
    const origin = { account: 'login-link:', address: context.address ?? '', known: true };
    await reportRateLimit(
      limiter.attempt(origin, () => Promise.resolve()),
      onDenied,
      context,
    );
    onDenied('wrong_login_link', context);
    throw new Problem('invalid_link');
  }

  #requireOn(): void {
    if (!this.isOn) throw new Problem('login_links_off');
  }
}

/** What is stored: neither the message nor the browser has enough for it alone. */
function hashLoginLink(token: string, requestToken: string): string {
  return hashOpaqueToken(`${token} ${requestToken}`);
}

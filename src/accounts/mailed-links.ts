import type { AuditEvent } from '../audit/audit-events.js';
import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database, Queries } from '../database/database.js';
import type { AccountTokenRow } from '../database/schema.js';
import { createAppLink, type AppPage } from '../email/app-links.js';
import type { Outbox } from '../email/outbox.js';
import type { RequestContext } from '../http/request-context.js';
import { getNetwork } from '../http/network.js';
import { createId } from '../ids.js';
import { sessionsStore } from '../sessions/sessions.store.js';
import { parseEmailAddress } from '../text/email-address.js';
import { createAccountToken, hour, maxMessagesPerHour } from './account-tokens.js';
import { accountTokensStore, type TokenUser } from './account-tokens.store.js';

/** From a network in which the account has a session: strangers must not use up what its owner needs. */
const maxPerHourWhereKnown = 10;
/** No address has it: it has no @. */
const unusedKey = ' ';

interface Foundations {
  readonly database: Database;
  readonly clock: Clock;
  readonly outbox: Outbox;
}

/** What a link is for. */
export interface LinkKind {
  readonly purpose: AccountTokenRow['purpose'];
  readonly template: 'password_reset' | 'login_link';
  /** Of the request. */
  readonly event: AuditEvent;
  readonly page: AppPage;
  /** Minutes. */
  readonly lifetime: number;
}

/** The user that a token is for, as the account is now. */
export type LinkUser = Pick<TokenUser, 'id' | 'email_key' | 'version'>;

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

interface LinkRequest {
  readonly address: string;
  /** Of the message; undefined: the default one. */
  readonly language: string | undefined;
  /** What is stored of the link's token. */
  readonly hash: (token: string) => string;
}

/** Sends links that anybody may ask for to verified addresses. */
export class MailedLinks {
  /** @param appUrl where the app is that takes the token of a link. */
  constructor(
    private readonly foundations: Foundations,
    private readonly appUrl: string,
  ) {}

  /**
   * Sends a link to the user of a verified address. Neither the response nor its time reveals whether there is one: the
   * same statements run, a message to nobody among them.
   */
  async request(kind: LinkKind, request: LinkRequest, context: RequestContext): Promise<void> {
    const { database, clock } = this.foundations;
    const key = parseEmailAddress(request.address)?.key ?? unusedKey;
    await database.transaction(async (transaction) => {
      const found = await accountTokensStore.findByAddress(transaction, key);
      // Nobody's tokens must not be many either: counting them would take time.
      const userId = found?.id ?? createId(clock);
      const since = clock.now() - hour;
      const { purpose } = kind;
      const issued = await accountTokensStore.countSince(transaction, { purpose, userId, since });
      const network = getNetwork(context.address ?? '');
      const isKnown = await sessionsStore.hasOneFrom(transaction, userId, network);
      const isSent = found !== undefined && issued < (isKnown ? maxPerHourWhereKnown : maxMessagesPerHour);
      await this.#send(transaction, kind, request, isSent ? found : undefined);
      await auditStore.add(transaction, clock, {
        event: kind.event,
        context,
        target: found && { kind: 'user', id: found.id, name: found.username },
        details: { sent: isSent },
      });
    });
  }

  /**
   * A token that ends once the account has changed.
   * @param user undefined: nobody, for the time that a token takes.
   */
  async issue(
    queries: Queries,
    { purpose, lifetime }: LinkKind,
    { user, hash }: { readonly user: LinkUser | undefined } & Pick<LinkRequest, 'hash'>,
  ): Promise<IssuedToken> {
    const { clock } = this.foundations;
    const now = clock.now();
    const token = createAccountToken(purpose);
    const expiresAt = now + lifetime * 60_000;
    await accountTokensStore.insert(queries, {
      token_hash: hash(token),
      purpose,
      user_id: user?.id ?? createId(clock),
      email_key: user?.email_key ?? '',
      user_version: user?.version ?? 0,
      tries_left: 0,
      code_hash: null,
      created_at: now,
      expires_at: expiresAt,
    });
    return { token, expiresAt };
  }

  async #send(
    queries: Queries,
    kind: LinkKind,
    { language, hash }: LinkRequest,
    user: TokenUser | undefined,
  ): Promise<void> {
    const { template, page, lifetime } = kind;
    const { token, expiresAt } = await this.issue(queries, kind, { user, hash });
    await this.foundations.outbox.enqueue(queries, {
      template,
      to: user ? { userId: user.id } : 'nobody',
      language,
      variables: { link: createAppLink(this.appUrl, page, token), minutes: lifetime },
      expiresAt,
    });
  }
}

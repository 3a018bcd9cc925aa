import type { Clock } from '../clock.js';
import type { Statement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import type { SafetyLinkRow } from '../database/schema.js';
import { createOpaqueToken, hashOpaqueToken } from '../keys/opaque-tokens.js';
import { createAppLink, type AppPage } from './app-links.js';
import type { MessageVariables, SafetyMessageName } from './messages/message.js';
import type { Outbox } from './outbox.js';
import { safetyLinksStore, type AddedFactor } from './safety-links.store.js';

/** Days in which the owner of an account can take back what a message tells of. */
export const safetyLinkDays = 7;

/** Something that has happened to an account, for its owner to know. */
export interface SafetyNotice<Name extends SafetyMessageName> {
  readonly template: Name;
  readonly userId: string;
  /** The address of the client; null: unknown, or it must not be told. */
  readonly clientAddress: string | null;
  /**
   * When it happened, in milliseconds since the Unix epoch; now by default. The link takes back what was done from then on: not
   * later than what the message tells of.
   */
  readonly at?: number;
  /** A verified address that the account had until now; by default the one that it has. */
  readonly formerAddress?: string;
  /** What the link removes beside; nothing by default. */
  readonly added?: AddedFactor;
  /** As in `NewMessage`. */
  readonly key?: string;
  readonly variables: Omit<MessageVariables[Name], 'at' | 'address' | 'link' | 'days' | 'removable'>;
}

const purposes: Readonly<Partial<Record<SafetyMessageName, SafetyLinkRow['purpose']>>> = {
  address_change_requested: 'email_undo',
  address_changed: 'email_undo',
};
/** Where a link leads, and what its token begins with. */
const forms: Readonly<Record<SafetyLinkRow['purpose'], { readonly page: AppPage; readonly prefix: string }>> =
  {
    not_me: { page: 'not-me', prefix: 'lk_nm_' },
    email_undo: { page: 'undo-email', prefix: 'lk_eu_' },
  };

/**
 * Tells users what happened to their accounts, each time with a link for the case that it was somebody else. Only a verified
 * address gets any: another one may be a stranger's.
 */
export class SafetyNotices {
  /** @param appUrl the URL of the pages that links lead to, without a slash at its end. */
  constructor(
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly appUrl: string,
  ) {}

  /** @param queries the transaction of what it tells of. */
  async send<Name extends SafetyMessageName>(queries: Queries, notice: SafetyNotice<Name>): Promise<void> {
    for (const statement of await this.prepare(queries, notice)) {
      await queries.executeQuery(statement.compile());
    }
  }

  /**
   * The same for a batch.
   * @returns none where there is nobody to tell.
   */
  async prepare<Name extends SafetyMessageName>(
    queries: Queries,
    notice: SafetyNotice<Name>,
  ): Promise<readonly Statement[]> {
    const { template, userId, clientAddress, at = this.clock.now(), formerAddress, key, added } = notice;
    const found = await this.outbox.findUser(queries, userId);
    const email = formerAddress ?? found?.address;
    if (email === undefined || email === null) return [];
    const purpose = purposes[template] ?? 'not_me';
    const { page, prefix } = forms[purpose];
    const token = createOpaqueToken(prefix);
    const variables = {
      ...notice.variables,
      at: new Date(at).toISOString(),
      address: clientAddress ?? '',
      link: createAppLink(this.appUrl, page, token),
      days: safetyLinkDays,
      ...(template === 'factor_added' && { removable: added !== undefined }),
      // All of the message's, as the types of the notice say.
    } as unknown as MessageVariables[Name];
    const message = await this.outbox.prepare(queries, {
      ...{ template, variables, key },
      to: { address: email, userId, language: found?.language ?? null },
    });
    const link = safetyLinksStore.prepareInsert(queries, {
      token_hash: hashOpaqueToken(token),
      ...{ purpose, email, user_id: userId, created_at: at },
      expires_at: at + safetyLinkDays * 86_400_000,
      added: added ? JSON.stringify(added) : null,
    });
    return message ? [link, message] : [];
  }
}

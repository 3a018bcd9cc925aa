import type { Clock } from '../clock.js';
import type { Statement } from '../database/batch.js';
import type { Queries } from '../database/database.js';
import { leasesStore } from '../database/leases.store.js';
import type { OutboxRow } from '../database/schema.js';
import { createId } from '../ids.js';
import type { DataSealing } from '../keys/data-sealing.js';
import type { MessageTemplates } from './messages/message-templates.js';
import type { CommonVariables, Message, MessageName, MessageVariables } from './messages/message.js';
import { outboxStore } from './outbox.store.js';

/**
 * The recipient of a message: a user, at the address that was verified, and nobody where there is none; an address,
 * verified or not; or nobody, for the time that a message takes.
 */
export type Recipient =
  | { readonly userId: string }
  | {
      readonly address: string;
      readonly userId?: string | undefined;
      /** The user's, as `findUser` found it; undefined: it is looked up. */
      readonly language?: string | null;
    }
  | 'nobody';

export interface NewMessage<Name extends MessageName> {
  readonly template: Name;
  readonly to: Recipient;
  readonly variables: MessageVariables[Name];
  /** The best of `languages` for the request, where the account has not chosen one. */
  readonly language?: string | undefined;
  /** What is enqueued again under the same key within days, is not sent again. */
  readonly key?: string | undefined;
  /** Milliseconds since the Unix epoch, after which it is of no use; three days by default. */
  readonly expiresAt?: number | undefined;
}

/** Milliseconds. */
const defaultLifetime = 3 * 86_400_000;
/** Milliseconds that messages stay in the list after they have expired. */
export const outboxRetention = 7 * 86_400_000;

/** A statement has 32,766 values at most on SQLite. */
const keysPerStatement = 1000;

/** A message as a person sees it who looks at the outbox. */
export interface StoredMessage {
  readonly row: OutboxRow;
  /** Undefined once it was sent, or given up: what it said is forgotten. */
  readonly message: Message | undefined;
}

/** Messages are written here in the transaction of what they tell of, and sent after its commit. */
export class Outbox {
  constructor(
    private readonly clock: Clock,
    private readonly sealing: DataSealing,
    private readonly templates: MessageTemplates,
    private readonly common: CommonVariables,
  ) {}

  /** The languages of messages, the default one first. */
  get languages(): readonly string[] {
    return this.templates.languages;
  }

  /** @param queries the transaction of what the message tells of. */
  async enqueue<Name extends MessageName>(queries: Queries, message: NewMessage<Name>): Promise<void> {
    const statement = await this.prepare(queries, message);
    if (statement) await queries.executeQuery(statement.compile());
  }

  /**
   * The same for a batch.
   * @returns undefined where there is nobody to tell.
   */
  async prepare<Name extends MessageName>(
    queries: Queries,
    message: NewMessage<Name>,
  ): Promise<Statement | undefined> {
    const { to, template } = message;
    const recipient = await this.#findRecipient(queries, to);
    if (!recipient) return undefined;
    const id = createId(this.clock);
    const now = this.clock.now();
    return outboxStore.prepareInsert(queries, {
      id,
      key: message.key ?? null,
      template,
      language: this.templates.chooseLanguage(recipient.language, message.language),
      address: recipient.address,
      user_id: recipient.userId,
      sealed_variables: await this.sealing.seal(queries, JSON.stringify(message.variables), id),
      state: 'waiting',
      attempts: 0,
      last_error: null,
      created_at: now,
      due_at: now,
      expires_at: message.expiresAt ?? now + defaultLifetime,
      done_at: null,
    });
  }

  /** Where to reach a user, and in which language; undefined where there is no such user. */
  findUser(queries: Queries, userId: string): ReturnType<typeof outboxStore.findRecipient> {
    return outboxStore.findRecipient(queries, userId);
  }

  /** Newest first. */
  list(queries: Queries, page: { readonly limit: number; readonly before?: string }): Promise<OutboxRow[]> {
    return outboxStore.list(queries, page);
  }

  /** @returns those of the messages that there are, by their keys. */
  async findByKeys(queries: Queries, keys: readonly string[]): Promise<Map<string, OutboxRow>> {
    const found = new Map<string, OutboxRow>();
    for (let at = 0; at < keys.length; at += keysPerStatement) {
      const rows = await outboxStore.listByKeys(queries, keys.slice(at, at + keysPerStatement));
      for (const row of rows) if (row.key !== null) found.set(row.key, row);
    }
    return found;
  }

  /** @returns until when no message is tried because the server takes none, if that is so. */
  findPauseEnd(queries: Queries): Promise<number | undefined> {
    return leasesStore.findPauseEnd(queries, 'mail');
  }

  /** @returns undefined where there is no such message. */
  async read(queries: Queries, id: string): Promise<StoredMessage | undefined> {
    const row = await outboxStore.find(queries, id);
    if (!row || row.address === '') return undefined;
    return { row, message: await this.render(queries, row) };
  }

  /** @returns undefined where what it said is forgotten. */
  async render(queries: Queries, row: OutboxRow): Promise<Message | undefined> {
    if (row.sealed_variables === null) return undefined;
    const text = await this.sealing.unseal(queries, row.sealed_variables, row.id);
    const variables = { ...(JSON.parse(text) as object), ...this.common };
    return this.templates.render(row.template, row.language, variables);
  }

  async #findRecipient(
    queries: Queries,
    to: Recipient,
  ): Promise<
    { readonly address: string; readonly userId: string | null; readonly language: string | null } | undefined
  > {
    if (typeof to === 'object' && 'address' in to && to.language !== undefined)
      return { address: to.address, userId: to.userId ?? null, language: to.language };
    // Nobody, and an address that no account has, take the same statements as a user.
    const userId = to === 'nobody' ? '' : (to.userId ?? '');
    const found = await outboxStore.findRecipient(queries, userId);
    const language = found?.language ?? null;
    if (to === 'nobody') return { address: '', userId: null, language };
    if ('address' in to) return { address: to.address, userId: to.userId ?? null, language };
    const address = found?.address ?? undefined;
    return address === undefined ? undefined : { address, userId: to.userId, language };
  }
}

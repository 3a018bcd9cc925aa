import { auditStore } from '../audit/audit.store.js';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { OutboxRow, RegistrationRow } from '../database/schema.js';
import { createAppLink } from '../email/app-links.js';
import type { Outbox } from '../email/outbox.js';
import type { RequestContext } from '../http/request-context.js';
import { hashOpaqueToken } from '../keys/opaque-tokens.js';
import { createCode, formatCode, hashCode, hour, maxTries } from './account-tokens.js';
import { createRegistrationLinkToken } from './registration-tokens.js';
import { registrationsStore } from './registrations.store.js';

/** Hours. NIST SP 800-63A-4 lets a code that is sent by e-mail be valid for a day. */
export const registrationLifetime = 24;
/**
 * Messages to one address in the lifetime of a link. The last one has a link that still works: nobody can keep the owner of
 * an address from registering by registering it again and again.
 */
const maxMessages = 5;

/** A registration that waits for its address to be verified. */
export interface ListedRegistration extends RegistrationRow {
  /** The message that was written for it; undefined: none, because the address had enough. */
  readonly message: OutboxRow | undefined;
}

/** A registration as its message needs it. */
export type PendingRegistration = Pick<
  RegistrationRow,
  'client_hash' | 'email' | 'email_key' | 'username' | 'display_name' | 'language' | 'password_hash'
>;

interface Foundations {
  readonly database: Database;
  readonly clock: Clock;
  readonly outbox: Outbox;
}

/** Writes registrations down, each with a message. */
export class RegistrationMessages {
  /** @param appUrl where the app is that takes the token of a link. */
  constructor(
    private readonly foundations: Foundations,
    private readonly appUrl: string,
  ) {}

  /** Those that wait for their address to be verified, newest first. */
  async listPending(limit: number): Promise<ListedRegistration[]> {
    const { database, clock, outbox } = this.foundations;
    const rows = await registrationsStore.list(database.queries, { now: clock.now(), limit });
    const messages = await outbox.findByKeys(database.queries, rows.map(getMessageKey));
    return rows.map((row) => ({ ...row, message: messages.get(getMessageKey(row)) }));
  }

  /**
   * Sends a link and a code, or tells the owner that there is an account already. Neither the response nor its time
   * reveals which of them: the same statements run, and one message is written, though to nobody where the address has
   * had enough.
   * @param language the best one for the request.
   * @returns whether an account had the address.
   */
  async send(
    registration: PendingRegistration,
    language: string | undefined,
    context: RequestContext,
  ): Promise<boolean> {
    const { database, clock, outbox } = this.foundations;
    const token = createRegistrationLinkToken();
    const hash = hashOpaqueToken(token);
    const code = createCode();
    const { email, email_key: key } = registration;
    return database.transaction(async (transaction) => {
      const now = clock.now();
      const expiresAt = now + registrationLifetime * hour;
      const holder = await registrationsStore.findHolder(transaction, key);
      const isSent = (await registrationsStore.countSent(transaction, key, now, maxMessages)) < maxMessages;
      await registrationsStore.insert(transaction, {
        ...registration,
        token_hash: hash,
        // Where there is an account, nobody must be able to log in with it.
        password_hash: holder ? null : registration.password_hash,
        code_hash: hashCode(code, hash),
        // A code that nobody was sent has no tries: they would be guesses without end.
        tries_left: isSent ? maxTries : 0,
        sent: isSent ? 1 : 0,
        created_at: now,
        expires_at: expiresAt,
      });
      const shared = { language, expiresAt, key: getMessageKey({ token_hash: hash }) };
      if (holder) {
        await outbox.enqueue(transaction, {
          ...shared,
          template: 'address_known',
          to: isSent ? { address: email, userId: holder.id } : 'nobody',
          variables: { link: createAppLink(this.appUrl, 'forgot-password') },
        });
      } else {
        await outbox.enqueue(transaction, {
          ...shared,
          template: 'registration',
          to: isSent ? { address: email } : 'nobody',
          variables: {
            link: createAppLink(this.appUrl, 'verify-email', token),
            code: formatCode(code),
            hours: registrationLifetime,
          },
        });
      }
      await auditStore.add(transaction, clock, {
        event: 'registration_requested',
        context,
        target: holder && { kind: 'user', id: holder.id, name: holder.username },
        details: { sent: isSent },
      });
      return holder !== undefined;
    });
  }
}

/** By which the outbox finds the message of a registration. */
function getMessageKey({ token_hash: hash }: Pick<RegistrationRow, 'token_hash'>): string {
  return `registration ${hash}`;
}

import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import { DataSealing } from '../keys/data-sealing.js';
import type { KeySealing } from '../keys/key-sealing.js';
import { createSmtpSender } from './mail-sender.js';
import type { Sender, SmtpServer } from './mail-settings.js';
import { MessageTemplates } from './messages/message-templates.js';
import { readProjectTemplates } from './messages/project-templates.js';
import { OutboxWorker } from './outbox-worker.js';
import { Outbox } from './outbox.js';
import { SafetyNotices } from './safety-notices.js';

export interface EmailServices {
  readonly outbox: Outbox;
  readonly notices: SafetyNotices;
  /** Sends what is in it. */
  readonly outboxWorker: OutboxWorker;
  /** Makes what the outbox needs in the database. */
  readonly prepareOutbox: () => Promise<void>;
}

interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sealing: KeySealing;
}

interface EmailOptions {
  /** Undefined: messages stay in the outbox. */
  readonly smtp: SmtpServer | undefined;
  readonly from: Sender;
  readonly language: string;
  /** A folder with templates of the project. */
  readonly templates: string | undefined;
  /** Where links lead to. */
  readonly appUrl: string;
}

/** @throws {StartError} for a template that cannot be used. */
export async function createEmailServices(
  { database, clock, log, sealing }: Dependencies,
  { smtp, from, language, templates, appUrl }: EmailOptions,
): Promise<EmailServices> {
  const service = from.name ?? from.address.slice(from.address.lastIndexOf('@') + 1);
  const ofProject = templates === undefined ? [] : await readProjectTemplates(templates, service);
  const dataSealing = new DataSealing(sealing, clock, 'mail');
  const outbox = new Outbox(clock, dataSealing, new MessageTemplates(language, ofProject), { service });
  const sender = smtp && createSmtpSender(smtp, from);
  return {
    outbox,
    notices: new SafetyNotices(clock, outbox, appUrl),
    outboxWorker: new OutboxWorker(database, clock, log, outbox, sender),
    prepareOutbox: () => dataSealing.prepare(database.queries),
  };
}

import { expect } from 'chai';
import type { OutboxRow } from '../../src/database/schema.js';
import type { MessageName } from '../../src/email/messages/message.js';
import type { TestApp } from './test-app.js';

/** A message that was written to an address. */
export interface WrittenMessage {
  readonly template: string;
  readonly address: string | null;
  readonly text: string;
  readonly userId: string | null;
}

/** What was written to an address, newest first. @param template of one kind alone. */
export async function listMessagesTo(
  { services }: TestApp,
  address: string,
  template?: MessageName,
): Promise<WrittenMessage[]> {
  const rows = await services.outbox.list(services.database.queries, { limit: 500 });
  const written = rows.filter(
    (row) => row.address === address && (template === undefined || row.template === template),
  );
  return Promise.all(written.map((row) => readMessage(services, row)));
}

/** The last message to anybody. */
export async function findNewestMessage({ services }: TestApp): Promise<WrittenMessage> {
  const [row] = await services.outbox.list(services.database.queries, { limit: 1 });
  return readMessage(services, row ?? expect.fail('There is no message.'));
}

async function readMessage(
  { outbox, database }: TestApp['services'],
  { id, template, address, user_id: userId }: OutboxRow,
): Promise<WrittenMessage> {
  const text = (await outbox.read(database.queries, id))?.message?.text ?? '';
  return { template, address, userId, text };
}

/** The token of the newest message of its kind that was written to an address, or of an earlier one. */
export async function findTokenIn(
  app: TestApp,
  address: string,
  template: MessageName,
  { before = 0 } = {},
): Promise<string> {
  const texts = await listMessagesTo(app, address, template);
  return (
    /\?token=(\S+)$/m.exec(texts[before]?.text ?? '')?.[1] ??
    expect.fail(`${address} has no link of ${template}.`)
  );
}

import { expect } from 'chai';
import type { MessageName } from '../../src/email/messages/message.js';
import type { TestApp } from './test-app.js';

/** A message that was written to an address. */
export interface WrittenMessage {
  readonly template: string;
  readonly text: string;
  readonly userId: string | null;
}

/** What was written to an address, newest first. */
export async function messagesTo({ services }: TestApp, address: string): Promise<WrittenMessage[]> {
  const { outbox, database } = services;
  const rows = await outbox.list(database.queries, { limit: 500 });
  const written = rows.filter((row) => row.address === address);
  return Promise.all(
    written.map(async ({ id, template, user_id: userId }) => ({
      ...{ template, userId },
      text: (await outbox.read(database.queries, id))?.message?.text ?? '',
    })),
  );
}

/** The token of the newest message of its kind that was written to an address, or of an earlier one. */
export async function tokenIn(
  app: TestApp,
  address: string,
  template: MessageName,
  { before = 0 } = {},
): Promise<string> {
  const texts = (await messagesTo(app, address)).filter((message) => message.template === template);
  return (
    /\?token=(\S+)$/m.exec(texts[before]?.text ?? '')?.[1] ??
    expect.fail(`${address} has no link of ${template}.`)
  );
}

import type { Command } from 'commander';
import type { OutboxRow } from '../database/schema.js';
import type { StoredMessage } from '../email/outbox.js';
import type { Services } from '../server/services.js';
import { StartError } from '../start-error.js';
import { addAction, type Output } from './command-output.js';
import type { WithInstallation } from './installation-command.js';
import { parseCount } from './time-option.js';

interface MailOptions {
  readonly limit: number;
  readonly html?: boolean;
}

export function addMailCommand(program: Command, withInstallation: WithInstallation): void {
  addAction(
    program
      .command('mail')
      .description('list messages to users, newest first, or print what one of them says')
      .argument('[message]', 'its id, or "latest"')
      .option('--limit <count>', 'how many at most', parseCount, 20)
      .option('--html', 'print the HTML of a message'),
    (output, message: string | undefined, options: MailOptions) =>
      withInstallation((services) =>
        message === undefined
          ? listMessages(services, output, options)
          : showMessage(services, output, message, options),
      ),
  );
}

async function listMessages(services: Services, output: Output, { limit }: MailOptions): Promise<void> {
  const { outbox, database, config } = services;
  const rows = await outbox.list(database.queries, { limit });
  const findNextTry = await createNextTryFinder(services);
  await output.printList(rows, {
    toJson: (row) => toListed(row, findNextTry(row)),
    columns: {
      id: ({ id }) => id,
      time: ({ created_at: at }) => new Date(at).toISOString(),
      to: ({ address }) => address,
      message: ({ template }) => template,
      state: ({ state }) => state,
      attempts: ({ attempts }) => String(attempts),
      'next try': (row) => findNextTry(row) ?? '',
      'last error': ({ last_error: error }) => error ?? '',
    },
    empty: 'There are no messages.',
  });
  if (!output.isJson && config.smtpUrl === undefined && rows.some(({ state }) => state === 'waiting'))
    output.print({}, 'No mail server is set (LATCHKEY_SMTP_URL): none of those that wait is sent.');
}

/** When a message that waits is tried next: not at all without a mail server, and later where that takes none. */
async function createNextTryFinder({ outbox, database, config }: Services) {
  const pauseEnd = (await outbox.findPauseEnd(database.queries)) ?? 0;
  return ({ state, due_at: due }: OutboxRow): string | undefined =>
    state === 'waiting' && config.smtpUrl !== undefined
      ? new Date(Math.max(due, pauseEnd)).toISOString()
      : undefined;
}

async function showMessage(
  services: Services,
  output: Output,
  wanted: string,
  { html = false }: MailOptions,
): Promise<void> {
  const { outbox, database } = services;
  const [latest] = wanted === 'latest' ? await outbox.list(database.queries, { limit: 1 }) : [];
  const found = await outbox.read(database.queries, latest?.id ?? wanted);
  if (!found) throw new StartError(`There is no message "${wanted}". See: latchkey mail`);
  const { row, message } = found;
  const findNextTry = await createNextTryFinder(services);
  output.print({ ...toListed(row, findNextTry(row)), ...message }, describe(found, html));
}

function describe({ row, message }: StoredMessage, html: boolean): string {
  if (!message) {
    const what = row.state === 'sent' ? 'was sent' : 'was given up';
    return `The message ${row.id} to ${row.address} ${what}: what it said is not kept.`;
  }
  if (html) return message.html;
  return `To: ${row.address}\nSubject: ${message.subject}\n\n${message.text}`;
}

function toListed(row: OutboxRow, nextTry: string | undefined): object {
  return {
    id: row.id,
    created_at: new Date(row.created_at).toISOString(),
    to: row.address,
    message: row.template,
    language: row.language,
    state: row.state,
    attempts: row.attempts,
    ...(nextTry !== undefined && { next_try_at: nextTry }),
    ...(row.last_error !== null && { last_error: row.last_error }),
    ...(row.done_at !== null && { done_at: new Date(row.done_at).toISOString() }),
  };
}

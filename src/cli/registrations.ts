import type { Command } from 'commander';
import type { ListedRegistration } from '../accounts/registration-messages.js';
import type { Services } from '../server/services.js';
import { addAction, type Output } from './command-output.js';
import type { WithInstallation } from './installation-command.js';
import { parseCount } from './time-option.js';

export function addRegistrationsCommand(program: Command, withInstallation: WithInstallation): void {
  addAction(
    program
      .command('registrations')
      .description('list registrations whose address is not verified yet, newest first')
      .option('--limit <count>', 'how many at most', parseCount, 20),
    (output, options: { readonly limit: number }) =>
      withInstallation((services) => listRegistrations(services, output, options.limit)),
  );
}

async function listRegistrations({ registration }: Services, output: Output, limit: number): Promise<void> {
  await output.printList(await registration.listPending(limit), {
    toJson: toListed,
    columns: {
      time: ({ created_at: at }) => new Date(at).toISOString(),
      address: ({ email }) => email,
      name: ({ username }) => username ?? '',
      message: describeMessage,
      state: ({ message }) => message?.state ?? '',
      expires: ({ expires_at: at }) => new Date(at).toISOString(),
      'last error': ({ message }) => message?.last_error ?? '',
    },
    empty: 'No registration waits.',
  });
}

/** Each message has a row. */
function describeMessage({ password_hash: hash, sent }: ListedRegistration): string {
  if (sent === 0) return 'none: the address had enough';
  return hash === null ? 'has an account' : 'link and code';
}

function toListed(row: ListedRegistration): object {
  const { message } = row;
  return {
    created_at: new Date(row.created_at).toISOString(),
    expires_at: new Date(row.expires_at).toISOString(),
    email: row.email,
    ...(row.username !== null && { username: row.username }),
    ...(row.display_name !== null && { display_name: row.display_name }),
    sent: row.sent === 1,
    known: row.password_hash === null,
    ...(message && { message: message.id, message_state: message.state }),
    ...(typeof message?.last_error === 'string' && { last_error: message.last_error }),
  };
}

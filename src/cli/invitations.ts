import type { Command } from 'commander';
import { toInvitation } from '../accounts/invitations.controller.js';
import type { CreateInvitationRequest } from '../accounts/invitations.models.js';
import { parseList } from '../config/setting-parsers.js';
import { validateBody } from '../server/validate-body.js';
import type { Services } from '../server/services.js';
import { addAction, type Output } from './command-output.js';
import type { WithInstallation } from './installation-command.js';
import { operator } from './operator.js';
import { readPages } from './pages.js';

interface CreateOptions {
  readonly roles?: string;
  readonly language?: string;
}

export function addInvitationCommands(program: Command, withInstallation: WithInstallation): void {
  const invitations = program
    .command('invitations')
    .description('links with which people create their accounts');
  addAction(
    invitations
      .command('create')
      .description(
        'send a link by e-mail with which somebody creates an account; an earlier one stops working',
      )
      .argument('<address>', 'the e-mail address')
      .option('--roles <names>', 'names of the roles of the account, comma-separated')
      .option('--language <tag>', 'the language of the message, such as de'),
    (output, address: string, options: CreateOptions) =>
      withInstallation((services) => createInvitation(services, output, address, options)),
  );
  addAction(invitations.command('list').description('list open invitations, oldest first'), (output) =>
    withInstallation((services) => listInvitations(services, output)),
  );
  addAction(
    invitations
      .command('revoke')
      .description('withdraw an invitation: its link stops working')
      .argument('<invitation>', 'its id, as latchkey invitations list prints it'),
    (output, id: string) => withInstallation((services) => revokeInvitation(services, output, id)),
  );
}

async function createInvitation(
  { invitations }: Services,
  output: Output,
  address: string,
  { roles = '', language: tag }: CreateOptions,
): Promise<void> {
  const { email, language, ...body } = validateBody<CreateInvitationRequest>('CreateInvitationRequest', {
    email: address,
    roles: parseList(roles),
    ...(tag !== undefined && { language: tag }),
  });
  const created = await invitations.invite({ email, roles: body.roles ?? [], language }, undefined, operator);
  const invitation = toInvitation(created);
  output.print(
    invitation,
    `${invitation.email} is invited, with the invitation ${invitation.id}, until ${invitation.expires_at}. What the message says: latchkey mail latest`,
  );
}

async function listInvitations({ invitations }: Services, output: Output): Promise<void> {
  const rows = readPages((limit, after) => invitations.list(limit, after));
  await output.printList(rows, {
    toJson: toInvitation,
    columns: {
      id: ({ id }) => id,
      address: ({ email }) => email,
      roles: (row) => toInvitation(row).roles.join(','),
      'invited by': (row) => toInvitation(row).invited_by ?? 'operator',
      expires: (row) => toInvitation(row).expires_at,
    },
    empty: 'There are no invitations.',
  });
}

async function revokeInvitation({ invitations }: Services, output: Output, id: string): Promise<void> {
  await invitations.withdraw(validateBody('Id', id, 'id'), operator);
  output.print({ removed: id }, 'The invitation is withdrawn: its link does not work any more.');
}

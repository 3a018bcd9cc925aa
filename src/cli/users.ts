import type { Command } from 'commander';
import { createOperatorActor } from '../audit/actor.js';
import { formatDuration } from '../clock.js';
import type { Services } from '../server/services.js';
import { Problem } from '../problems/problem.js';
import { parseList } from '../config/setting-parsers.js';
import { StartError } from '../start-error.js';
import { parseScope } from '../roles/rights.js';
import type { WithInstallation } from './installation-command.js';

export function addUserCommands(program: Command, withInstallation: WithInstallation): void {
  const users = program.command('users').description('accounts');
  users
    .command('reset-password')
    .description('give an account a new one-time password, and end its sessions')
    .argument('<name>', 'the username')
    .action((username: string) => withInstallation((services) => resetPassword(services, username)));
  users
    .command('set-roles')
    .description('give an account these roles and no others, where no administrator can log in to do so')
    .argument('<name>', 'the username')
    .argument('[roles]', 'names of roles, comma-separated; none: all are taken away')
    .action((username: string, roles = '') =>
      withInstallation((services) => setRoles(services, username, parseList(String(roles)))),
    );
}

async function setRoles({ users }: Services, username: string, roles: readonly string[]): Promise<void> {
  try {
    const user = await users.setRolesOf(username, roles, createOperatorActor());
    if (user === undefined) throw new StartError(`There is no user "${username}".`);
    console.log(
      `"${username}" has ${roles.length === 0 ? 'no roles' : `the roles ${parseScope(user.roles).join(', ')}`}: clients refresh, within a second where the service runs.`,
    );
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const [reason] = Object.values(error.errors ?? {});
    throw new StartError(reason === undefined ? error.message : toSentence(reason), { cause: error });
  }
}

/** The reason for a field, which follows its name elsewhere. */
function toSentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}

async function resetPassword({ users, config }: Services, username: string): Promise<void> {
  const password = await users.resetPassword(username, createOperatorActor());
  if (password === undefined) throw new StartError(`There is no user "${username}".`);
  console.log(
    `The new one-time password of "${username}" is shown once, and is good for one login, within ${formatDuration(config.oneTimePasswordExpires)}; its sessions end, within a second where the service runs.\n\n    ${password}\n`,
  );
}

import type { Command } from 'commander';
import { operatorContext } from '../audit/audit.store.js';
import type { Services } from '../services.js';
import { StartError } from '../start-error.js';
import { onInstallation } from './installation-command.js';

export function addUserCommands(program: Command): void {
  const users = program.command('users').description('accounts');
  users
    .command('reset-password')
    .description('give an account a new one-time password, and end its sessions')
    .argument('<name>', 'the username')
    .action((username: string) => onInstallation((services) => resetPassword(services, username)));
}

async function resetPassword({ users }: Services, username: string): Promise<void> {
  const password = await users.resetPassword(username, { context: operatorContext });
  if (password === undefined) throw new StartError(`There is no user "${username}".`);
  console.log(
    `The new one-time password of "${username}" is shown once; its sessions end, within a second where the service runs.\n\n    ${password}\n`,
  );
}

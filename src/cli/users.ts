import { operatorContext } from '../audit/audit.store.js';
import { StartError } from '../start-error.js';
import type { Command } from './cli.js';

export const resetPassword: Command = async ({ users }, [username, ...rest]) => {
  if (username === undefined || rest.length > 0) {
    throw new StartError('Name one account: latchkey users reset-password <name>');
  }
  const password = await users.resetPassword(username, { context: operatorContext });
  if (password === undefined) throw new StartError(`There is no user "${username}".`);
  console.log(
    `The new one-time password of "${username}" is shown once; its sessions end, within a second where the service runs.\n\n    ${password}\n`,
  );
};

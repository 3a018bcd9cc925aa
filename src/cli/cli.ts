import { pino } from 'pino';
import { operatorContext } from '../audit/audit.store.js';
import { systemClock } from '../clock.js';
import { readConfig } from '../config.js';
import { openInstallation } from '../installation.js';
import { explain } from '../main.js';
import { StartError } from '../start-error.js';

export const usage = `Usage: latchkey <command>

  start                          run the service (what npm start does)
  dev                            run it, and rebuild and restart on each change
  build                          build what is stale
  users reset-password <name>    give an account a new one-time password, and end its sessions

The commands use the settings of the service, from the same environment variables.`;

/** Runs an operator's command; what it has to say goes to stdout, faults to stderr. */
export async function runCommand(words: readonly string[]): Promise<void> {
  try {
    const [topic, action, ...rest] = words;
    if (topic === 'users' && action === 'reset-password') await resetPassword(rest);
    else throw new StartError(`There is no command "${words.join(' ')}".\n\n${usage}`);
  } catch (error) {
    explain(error);
    process.exitCode = 1;
  }
}

async function resetPassword([username, ...rest]: readonly string[]): Promise<void> {
  if (username === undefined || rest.length > 0) {
    throw new StartError('Name one account: latchkey users reset-password <name>');
  }
  const config = readConfig(process.env);
  // No token is issued here, so no issuer is needed.
  const services = await openInstallation(config, systemClock, pino({ level: 'silent' }), 'urn:latchkey:cli');
  try {
    const password = await services.users.resetPassword(username, { context: operatorContext });
    if (password === undefined) throw new StartError(`There is no user "${username}".`);
    console.log(
      `The new one-time password of "${username}" is shown once; its sessions have ended.\n\n    ${password}\n`,
    );
  } finally {
    await services.database.close();
  }
}

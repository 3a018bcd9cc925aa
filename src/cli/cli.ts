import { existsSync } from 'node:fs';
import { pino } from 'pino';
import { systemClock } from '../clock.js';
import { readConfig, type Config } from '../config.js';
import { openInstallation } from '../installation.js';
import { explain } from '../main.js';
import type { Services } from '../services.js';
import { StartError } from '../start-error.js';
import { copy } from './copy.js';
import { importKey, listKeys, revokeKey, rotateKeys, rotateSecret } from './keys.js';
import { resetPassword } from './users.js';

export const usage = `Usage: latchkey <command>

  start                          run the service (what npm start does)
  dev                            run it, and rebuild and restart on each change
  build                          build what is stale
  users reset-password <name>    give an account a new one-time password, and end its sessions
  keys list                      the key ring: which key signs, which are accepted
  keys rotate [access|refresh]   publish a new key that signs later; both kinds without a name
  keys import <file>             take in a private key of your own (PEM or JWK), published first
  keys revoke <id>               take a key away at once: its access tokens are void, or its sessions end
  secret rotate                  encrypt the keys with another secret: LATCHKEY_NEW_SECRET, or on SQLite without
                                 LATCHKEY_SECRET a new secret file
  copy <sqlite:…> <postgres:…>   copy all data to an empty PostgreSQL database, keys and sessions too; with --dry-run
                                 count it

The commands use the settings of the service, from the same environment variables, and work beside it.`;

/** An operator's command: it gets the words after its own, and says what it did on stdout. */
export type Command = (services: Services, words: readonly string[], config: Config) => Promise<void>;

const commands: Readonly<Record<string, Command>> = {
  'users reset-password': resetPassword,
  'keys list': listKeys,
  'keys rotate': rotateKeys,
  'keys import': importKey,
  'keys revoke': revokeKey,
  'secret rotate': rotateSecret,
};

/** Runs an operator's command; faults go to stderr, and make the exit code 1. */
export async function runCommand(words: readonly string[]): Promise<void> {
  try {
    if (words[0] === 'copy') {
      await copy(words.slice(1), process.env);
      return;
    }
    const command = commands[words.slice(0, 2).join(' ')];
    if (!command) throw new StartError(`There is no command "${words.join(' ')}".\n\n${usage}`);
    // Who runs a command is there to start the database.
    const config = { ...readConfig(process.env), databaseWait: 0 };
    refuseMissingDatabase(config);
    // No token is issued here, so no issuer is needed.
    const services = await openInstallation(
      config,
      systemClock,
      pino({ level: 'silent' }),
      'urn:latchkey:cli',
    );
    try {
      await command(services, words.slice(2), config);
    } finally {
      await services.database.close();
    }
  } catch (error) {
    explain(error);
    process.exitCode = 1;
  }
}

/** A command at the wrong place would make a database there, with a secret of its own. */
function refuseMissingDatabase({ databaseUrl }: Config): void {
  if (databaseUrl.kind === 'sqlite' && !existsSync(databaseUrl.file)) {
    throw new StartError(
      `DATABASE_URL names the SQLite file ${databaseUrl.file}, which is not there. Run the command where the service runs, with its settings; the service's first start makes the file.`,
    );
  }
}

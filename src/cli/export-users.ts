import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import { auditStore } from '../audit/audit.store.js';
import { assertFreeName } from '../database/own-files.js';
import { exportUsers } from '../import/user-export.js';
import type { Services } from '../server/services.js';
import { StartError } from '../start-error.js';
import { addAction, type Output } from './command-output.js';
import type { WithInstallation } from './installation-command.js';
import { operator } from './operator.js';

interface GivenOptions {
  readonly withHashes?: boolean;
  readonly withFactors?: boolean;
}

export function addExportCommand(program: Command, withInstallation: WithInstallation): void {
  addAction(
    program
      .command('export')
      .description('write what this service has, for another one')
      .command('users')
      .description('write all users to a new file that its owner alone can read (NDJSON)')
      .argument('<file>', 'which must not exist')
      .option('--with-hashes', 'with their password hashes, from which weak passwords can be found')
      .option(
        '--with-factors',
        'with their second factors: the secrets of authenticator apps, from which codes can be made',
      ),
    (output, file: string, { withHashes = false, withFactors = false }: GivenOptions) =>
      withInstallation((services) => writeUsers(services, output, { file, withHashes, withFactors })),
  );
}

async function writeUsers(
  { database, clock, totpSecrets }: Services,
  output: Output,
  { file, withHashes, withFactors }: Required<GivenOptions> & { readonly file: string },
): Promise<void> {
  assertFreeName(file);
  const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new StartError(`The file ${file} cannot be made: ${(cause as Error).message}.`, { cause });
  }
  let count = 0;
  try {
    // Before the first secret is written: an interrupted command has already written some.
    if (withHashes || withFactors) {
      const details = { with_hashes: withHashes, with_factors: withFactors };
      await auditStore.add(database.queries, clock, { event: 'users_exported', actor: operator, details });
    }
    const options = { withHashes, totpSecrets: withFactors ? totpSecrets : undefined };
    for await (const user of exportUsers(database, options)) {
      if (!stream.write(`${JSON.stringify(user)}\n`)) await once(stream, 'drain');
      count += 1;
    }
    stream.end();
    await finished(stream);
  } catch (error) {
    // Half of the users would look like all of them.
    stream.destroy();
    rmSync(file, { force: true });
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new StartError(`The file ${file} cannot be written (${message}), and is removed again.`, {
      cause: error,
    });
  }
  output.print(
    { users: count, file, with_hashes: withHashes, with_factors: withFactors },
    `${count} users are in ${file}, ${withHashes ? 'with' : 'without'} their password hashes, ${withFactors ? 'with' : 'without'} their second factors.`,
  );
}

import type { Command } from 'commander';
import { toPasskey } from '../passkeys/passkey-responses.js';
import { validateBody } from '../server/validate-body.js';
import type { Services } from '../server/services.js';
import { addAction, type Output } from './command-output.js';
import { findUser } from './find-user.js';
import type { WithInstallation } from './installation-command.js';
import { operator } from './operator.js';

export function addPasskeyCommands(program: Command, withInstallation: WithInstallation): void {
  const passkeys = program.command('passkeys').description('the passkeys and security keys of accounts');
  addAction(
    passkeys
      .command('list')
      .description('list the passkeys of an account, oldest first')
      .argument('<name>', 'the username'),
    (output, name: string) => withInstallation((services) => listPasskeys(services, output, name)),
  );
  addAction(
    passkeys
      .command('remove')
      .description('remove a passkey that its user has lost; sessions go on')
      .argument('<name>', 'the username')
      .argument('<passkey>', 'its id, as latchkey passkeys list prints it'),
    (output, name: string, passkey: string) =>
      withInstallation((services) => removePasskey(services, output, name, passkey)),
  );
}

async function listPasskeys(services: Services, output: Output, name: string): Promise<void> {
  const { id, username } = await findUser(services, name);
  await output.printList(await services.passkeys.list(id), {
    toJson: toPasskey,
    columns: {
      id: (passkey) => passkey.id,
      name: (passkey) => passkey.name,
      use: (passkey) => toPasskey(passkey).use,
      added: (passkey) => toPasskey(passkey).created_at,
      'last used': (passkey) => toPasskey(passkey).last_used_at ?? '',
    },
    empty: `"${username}" has no passkeys.`,
  });
}

async function removePasskey(
  services: Services,
  output: Output,
  name: string,
  passkeyId: string,
): Promise<void> {
  const { id } = await findUser(services, name);
  await services.passkeys.remove(id, validateBody('Id', passkeyId, 'id'), operator);
  output.print(
    { user_id: id, removed: passkeyId },
    'The passkey is removed: nobody logs in with it any more.',
  );
}

import { readFileSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { createOperatorActor } from '../audit/actor.js';
import type { Config } from '../config/config.js';
import { replaceSecretFile } from '../keys/secret.js';
import type { Services } from '../server/services.js';
import { StartError } from '../start-error.js';
import { keyPurposes } from '../keys/key-schedule.js';
import { KeySealing } from '../keys/key-sealing.js';
import type { KeyPurpose } from '../keys/keys.store.js';
import { KeyImportError } from '../keys/signing-keys.js';
import type { WithInstallation } from './installation-command.js';

export function addKeyCommands(program: Command, withInstallation: WithInstallation): void {
  const keys = program.command('keys').description('manage signing keys');
  keys
    .command('list')
    .description('the key ring: which key signs, which are accepted')
    .action(() => withInstallation(listKeys));
  keys
    .command('rotate')
    .description('publish a new access-token and refresh-token key, which sign later')
    .addArgument(new Argument('[purpose]', 'only the key for this').choices(keyPurposes))
    .action((purpose?: KeyPurpose) => withInstallation((services) => rotateKeys(services, purpose)));
  keys
    .command('import')
    .description('import your own private key (PEM or JWK); it is published first, and signs later')
    .argument('<file>', 'where the key is')
    .action((file: string) => withInstallation((services) => importKey(services, file)));
  keys
    .command('revoke')
    .description('remove a key at once: its access tokens are revoked, or its sessions end')
    .argument('<id>', 'as latchkey keys list prints it')
    .action((id: string) => withInstallation((services) => revokeKey(services, id)));
}

export function addSecretCommands(program: Command, withInstallation: WithInstallation): void {
  const secret = program.command('secret').description('manage the secret that encrypts the keys');
  secret
    .command('rotate')
    .description(
      'encrypt the keys with another secret: LATCHKEY_NEW_SECRET, or on SQLite without LATCHKEY_SECRET a new secret file',
    )
    .action(() => withInstallation(rotateSecret));
}

export function listKeys({ ring, clock }: Services): Promise<void> {
  const { signingKey, refreshKey } = ring;
  const held = [
    ...ring.listSigningKeys().map((key) => ({ ...key, purpose: 'access', inUse: key.id === signingKey.id })),
    ...ring
      .listRefreshKeys()
      .map((key) => ({ ...key, purpose: 'refresh', algorithm: 'HS256', inUse: key.id === refreshKey.id })),
  ];
  for (const { id, purpose, algorithm, inUse, activeAt, retiredAt } of held) {
    const from = activeAt > clock.now() ? `signs from ${formatTime(activeAt)}` : 'accepted';
    const end = Number.isFinite(retiredAt) ? `, until ${formatTime(retiredAt)}` : '';
    console.log(`${id}  ${purpose}  ${algorithm}  ${inUse ? 'signs' : from}${end}`);
  }
  if (!held.some(({ id }) => id === signingKey.id)) {
    console.log(`${signingKey.id}  access  ${signingKey.algorithm}  signs (JWT_SECRET_KEY)`);
  }
  return Promise.resolve();
}

/** @param only default: both. */
export async function rotateKeys({ ring }: Services, only?: KeyPurpose): Promise<void> {
  for (const purpose of only === undefined ? keyPurposes : [only]) {
    console.log(
      `A new ${purpose} token key is published, and is used from ${formatTime(await ring.rotate(purpose, createOperatorActor()))}.`,
    );
  }
}

export async function importKey({ ring }: Services, file: string): Promise<void> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StartError(`The file ${file} cannot be read. Check its path and permissions.`, { cause });
  }
  try {
    const imported = await ring.import(text, createOperatorActor());
    console.log(
      imported
        ? `The key ${imported.id} is published, and signs from ${formatTime(imported.activeAt)}.`
        : 'This key is the newest on the ring already.',
    );
  } catch (error) {
    if (error instanceof KeyImportError) throw new StartError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

export async function revokeKey({ ring }: Services, id: string): Promise<void> {
  const ofRefreshTokens = ring.listRefreshKeys().some((key) => key.id === id);
  if (!(await ring.revoke(id, createOperatorActor())))
    throw new StartError(`There is no key "${id}". See: latchkey keys list`);
  console.log(
    ofRefreshTokens
      ? `The key ${id} is removed: all sessions end, and users log in again. ${ring.refreshKey.id} signs.`
      : `The key ${id} is removed: its access tokens are revoked, and clients refresh. ${ring.signingKey.id} signs.`,
  );
}

export async function rotateSecret({ ring }: Services, config: Config): Promise<void> {
  if (config.newSecret !== undefined) {
    const sealing = new KeySealing(config.newSecret);
    await ring.reseal(() => sealing, createOperatorActor());
    console.log(
      'The keys are encrypted with LATCHKEY_NEW_SECRET. Start the service with it as LATCHKEY_SECRET.',
    );
    return;
  }
  if (config.secret !== undefined || config.databaseUrl.kind !== 'sqlite') {
    throw new StartError('Set LATCHKEY_NEW_SECRET to the new secret, 32 characters or more.');
  }
  await replaceSecretFile(config.databaseUrl.file, (makeSecret) =>
    ring.reseal(() => new KeySealing(makeSecret()), createOperatorActor()),
  );
  console.log('The keys are encrypted with a new secret, which is in the secret file. Back it up.');
}

function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

import { readFileSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { formatTime } from '../clock.js';
import type { Config } from '../config/config.js';
import { replaceSecretFile } from '../keys/secret.js';
import type { Services } from '../server/services.js';
import { StartError } from '../start-error.js';
import { keyPurposes } from '../keys/key-schedule.js';
import { KeySealing } from '../keys/key-sealing.js';
import type { KeyPurpose } from '../keys/keys.store.js';
import { KeyImportError } from '../keys/signing-keys.js';
import { addAction, type Output } from './command-output.js';
import type { WithInstallation } from './installation-command.js';
import { operator } from './operator.js';

export function addKeyCommands(program: Command, withInstallation: WithInstallation): void {
  const keys = program.command('keys').description('manage signing keys');
  addAction(
    keys.command('list').description('list the key ring: which key signs, which are accepted'),
    (output) => withInstallation((services) => listKeys(services, output)),
  );
  addAction(
    keys
      .command('rotate')
      .description('publish a new access-token and refresh-token key, which sign later')
      .addArgument(new Argument('[purpose]', 'only the key for this').choices(keyPurposes)),
    (output, purpose?: KeyPurpose) => withInstallation((services) => rotateKeys(services, output, purpose)),
  );
  addAction(
    keys
      .command('import')
      .description('import your own private key (PEM or JWK); it is published first, and signs later')
      .argument('<file>', 'the file with the key'),
    (output, file: string) => withInstallation((services) => importKey(services, output, file)),
  );
  addAction(
    keys
      .command('revoke')
      .description('remove a key at once: its access tokens are revoked, or its sessions end')
      .argument('<id>', 'as latchkey keys list prints it'),
    (output, id: string) => withInstallation((services) => revokeKey(services, output, id)),
  );
}

export function addSecretCommands(program: Command, withInstallation: WithInstallation): void {
  const secret = program.command('secret').description('manage the secret that encrypts the keys');
  addAction(
    secret
      .command('rotate')
      .description(
        'encrypt the keys with another secret: LATCHKEY_NEW_SECRET, or on SQLite without LATCHKEY_SECRET a new secret file',
      ),
    (output) => withInstallation((services, config) => rotateSecret(services, output, config)),
  );
}

interface ListedKey {
  readonly id: string;
  readonly purpose: KeyPurpose;
  readonly algorithm: string;
  /** `signs`: now; `published`: will sign; `accepted`: has signed. */
  readonly state: 'signs' | 'published' | 'accepted';
  /** When it began or begins to sign. */
  readonly signs_from?: string;
  readonly accepted_until?: string;
  /** The setting that has the key; absent: it is on the key ring. */
  readonly setting?: string;
}

export async function listKeys({ ring, clock }: Services, output: Output): Promise<void> {
  const { signingKey, refreshKey } = ring;
  const held = [
    ...ring
      .listSigningKeys()
      .map((key) => ({ ...key, purpose: 'access' as const, inUse: key.id === signingKey.id })),
    ...ring.listRefreshKeys().map((key) => ({
      ...key,
      purpose: 'refresh' as const,
      algorithm: 'HS256',
      inUse: key.id === refreshKey.id,
    })),
  ];
  const listed = held.map(({ id, purpose, algorithm, inUse, activeAt, retiredAt }): ListedKey => {
    const isLater = activeAt > clock.now();
    return {
      id,
      purpose,
      algorithm,
      state: inUse ? 'signs' : isLater ? 'published' : 'accepted',
      signs_from: formatTime(activeAt),
      ...(Number.isFinite(retiredAt) && { accepted_until: formatTime(retiredAt) }),
    };
  });
  if (!held.some(({ id }) => id === signingKey.id)) {
    const { id, algorithm } = signingKey;
    listed.push({ id, purpose: 'access', algorithm, state: 'signs', setting: 'JWT_SECRET_KEY' });
  }
  await output.printList(listed, {
    columns: {
      id: ({ id }) => id,
      purpose: ({ purpose }) => purpose,
      algorithm: ({ algorithm }) => algorithm,
      state: describeState,
    },
    empty: 'There are no keys yet: the first start makes them.',
  });
}

function describeState({ state, signs_from: from, accepted_until: end, setting }: ListedKey): string {
  const now = state === 'published' ? `signs from ${String(from)}` : state;
  return `${now}${end === undefined ? '' : `, until ${end}`}${setting === undefined ? '' : ` (${setting})`}`;
}

/** @param only default: both. */
export async function rotateKeys({ ring }: Services, output: Output, only?: KeyPurpose): Promise<void> {
  const rotated = [];
  for (const purpose of only === undefined ? keyPurposes : [only]) {
    rotated.push({ purpose, signs_from: formatTime(await ring.rotate(purpose, operator)) });
  }
  output.print(
    { rotated },
    rotated
      .map(
        ({ purpose, signs_from: from }) =>
          `A new ${purpose} token key is published, and is used from ${from}.`,
      )
      .join('\n'),
  );
}

export async function importKey({ ring }: Services, output: Output, file: string): Promise<void> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StartError(`The file ${file} cannot be read. Check its path and permissions.`, { cause });
  }
  try {
    const imported = await ring.import(text, operator);
    if (!imported) {
      output.print({ imported: false }, 'This key is the newest on the ring already.');
      return;
    }
    const { id, activeAt } = imported;
    output.print(
      { imported: true, id, signs_from: formatTime(activeAt) },
      `The key ${id} is published, and signs from ${formatTime(activeAt)}.`,
    );
  } catch (error) {
    if (error instanceof KeyImportError) throw new StartError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

export async function revokeKey({ ring, auditChain }: Services, output: Output, id: string): Promise<void> {
  const ofRefreshTokens = ring.listRefreshKeys().some((key) => key.id === id);
  // The key may have signed its head: the next one signs it, by the same process that has just verified it.
  await auditChain.run();
  if (!(await ring.revoke(id, operator)))
    throw new StartError(`There is no key "${id}". See: latchkey keys list`);
  await auditChain.run();
  const signs = (ofRefreshTokens ? ring.refreshKey : ring.signingKey).id;
  output.print(
    { revoked: id, purpose: ofRefreshTokens ? 'refresh' : 'access', signs },
    ofRefreshTokens
      ? `The key ${id} is removed: all sessions end, and users log in again. ${signs} signs.`
      : `The key ${id} is removed: its access tokens are revoked, and clients refresh. ${signs} signs.`,
  );
}

export async function rotateSecret({ ring }: Services, output: Output, config: Config): Promise<void> {
  if (config.newSecret !== undefined) {
    const sealing = new KeySealing(config.newSecret);
    await ring.reseal(() => sealing, operator);
    output.print(
      { secret: 'LATCHKEY_NEW_SECRET' },
      'The keys are encrypted with LATCHKEY_NEW_SECRET. Start the service with it as LATCHKEY_SECRET.',
    );
    return;
  }
  if (config.secret !== undefined || config.databaseUrl.kind !== 'sqlite') {
    throw new StartError('Set LATCHKEY_NEW_SECRET to the new secret, 32 characters or more.');
  }
  const { file } = config.databaseUrl;
  await replaceSecretFile(file, (makeSecret) => ring.reseal(() => new KeySealing(makeSecret()), operator));
  output.print(
    { secret: `${file}.secret` },
    'The keys are encrypted with a new secret, which is in the secret file. Back it up.',
  );
}

import { readFileSync } from 'node:fs';
import { replaceSecretFile } from '../database/secret.js';
import { StartError } from '../start-error.js';
import { keyPurposes } from '../tokens/key-schedule.js';
import { KeySealing } from '../tokens/key-sealing.js';
import { KeyImportError } from '../tokens/signing-keys.js';
import type { Command } from './cli.js';

export const listKeys: Command = ({ ring, clock }) => {
  const { signingKey, refreshKey } = ring;
  const held = [
    ...ring.signingKeys().map((key) => ({ ...key, purpose: 'access', inUse: key.id === signingKey.id })),
    ...ring
      .refreshKeys()
      .map((key) => ({ ...key, purpose: 'refresh', algorithm: 'HS256', inUse: key.id === refreshKey.id })),
  ];
  for (const { id, purpose, algorithm, inUse, activeAt, retiredAt } of held) {
    const from = activeAt > clock.now() ? `signs from ${time(activeAt)}` : 'accepted';
    const end = Number.isFinite(retiredAt) ? `, until ${time(retiredAt)}` : '';
    console.log(`${id}  ${purpose}  ${algorithm}  ${inUse ? 'signs' : from}${end}`);
  }
  if (!held.some(({ id }) => id === signingKey.id)) {
    console.log(`${signingKey.id}  access  ${signingKey.algorithm}  signs (JWT_SECRET_KEY)`);
  }
  return Promise.resolve();
};

export const rotateKeys: Command = async ({ ring }, words) => {
  const purposes = keyPurposes.filter((purpose) => words.length === 0 || words[0] === purpose);
  if (purposes.length === 0 || words.length > 1) {
    throw new StartError('Say which keys: latchkey keys rotate [access|refresh]');
  }
  for (const purpose of purposes) {
    console.log(
      `A new ${purpose} token key is published, and is used from ${time(await ring.rotate(purpose))}.`,
    );
  }
};

export const importKey: Command = async ({ ring }, [file, ...rest]) => {
  if (file === undefined || rest.length > 0)
    throw new StartError('Name one file: latchkey keys import <file>');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StartError(`The file ${file} cannot be read. Check its path and permissions.`, { cause });
  }
  try {
    const imported = await ring.import(text);
    console.log(
      imported
        ? `The key ${imported.id} is published, and signs from ${time(imported.activeAt)}.`
        : 'This key is the newest on the ring already.',
    );
  } catch (error) {
    if (error instanceof KeyImportError) throw new StartError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
};

export const revokeKey: Command = async ({ ring }, [id, ...rest]) => {
  if (id === undefined || rest.length > 0) throw new StartError('Name one key: latchkey keys revoke <id>');
  const ofRefreshTokens = ring.refreshKeys().some((key) => key.id === id);
  if (!(await ring.revoke(id))) throw new StartError(`There is no key "${id}". See: latchkey keys list`);
  console.log(
    ofRefreshTokens
      ? `The key ${id} is gone: all sessions end, and users log in again. ${ring.refreshKey.id} signs.`
      : `The key ${id} is gone: its access tokens are void, and clients refresh. ${ring.signingKey.id} signs.`,
  );
};

export const rotateSecret: Command = async ({ ring }, words, config) => {
  if (words.length > 0)
    throw new StartError('latchkey secret rotate takes the new secret from LATCHKEY_NEW_SECRET.');
  if (config.newSecret !== undefined) {
    const sealing = new KeySealing(config.newSecret);
    await ring.reseal(() => sealing);
    console.log(
      'The keys are encrypted with LATCHKEY_NEW_SECRET. Start the service with it as LATCHKEY_SECRET.',
    );
    return;
  }
  if (config.secret !== undefined || config.databaseUrl.kind !== 'sqlite') {
    throw new StartError('Set LATCHKEY_NEW_SECRET to the new secret, 32 characters or more.');
  }
  await replaceSecretFile(config.databaseUrl.file, (makeSecret) =>
    ring.reseal(() => new KeySealing(makeSecret())),
  );
  console.log('The keys are encrypted with a new secret, which is in the secret file. Back it up.');
};

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

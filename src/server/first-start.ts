import { serviceActor } from '../audit/actor.js';
import { validatePassword } from '../passwords/password-policy.js';
import { StartError } from '../start-error.js';
import { validateUsername } from '../usernames/username-rules.js';
import { generateOneTimePassword } from '../users/users.service.js';
import type { Services } from './services.js';
import { requireRoomForAdministrators } from './token-settings.js';

/**
 * Starts the feed of other processes' changes, and creates what is missing: keys, the administrators' role with every
 * permission that the contract names, and the first administrator.
 */
export async function prepareService(
  services: Services,
  permissions: readonly string[],
): Promise<FirstAdministrator | undefined> {
  await services.feed.start();
  for (const error of services.ring.refusedKeys) services.log.warn({ event: 'key_refused' }, error);
  await services.ring.createMissingKeys();
  requireRoomForAdministrators(services.accessTokens, services.config, permissions);
  await services.roles.grantAdministrators(permissions);
  return createFirstAdministrator(services);
}

export interface FirstAdministrator {
  readonly username: string;
  /** Undefined where the operator has set a password. */
  readonly oneTimePassword: string | undefined;
}

/**
 * Creates the first administrator where there are no users yet.
 * @throws {StartError} for an invalid name or password in the settings.
 */
async function createFirstAdministrator({
  config,
  users,
}: Services): Promise<FirstAdministrator | undefined> {
  if (await users.hasUsers()) return undefined;
  const { adminUsername: username, adminPassword: given } = config;
  const nameFault = validateUsername(username, config.usernames);
  if (nameFault !== undefined)
    throw new StartError(`LATCHKEY_ADMIN_USERNAME ${nameFault}. Choose another one.`);
  const fault = given === undefined ? undefined : await validatePassword(given, username);
  if (fault !== undefined) throw new StartError(`LATCHKEY_ADMIN_PASSWORD ${fault}. Choose another one.`);
  const password = given ?? generateOneTimePassword();
  const made = await users.createFirstAdministrator(username, password, given === undefined, serviceActor);
  return made ? { username, oneTimePassword: given === undefined ? password : undefined } : undefined;
}

import { serviceActor } from '../audit/actor.js';
import { describeViolation } from '../passwords/password-violations.js';
import { StartError } from '../start-error.js';
import { validateUsername } from '../usernames/username-rules.js';
import { generateOneTimePassword } from '../users/users.service.js';
import { keepOneTimePassword } from './one-time-password-file.js';
import type { Services } from './services.js';
import { requireRoomForAdministrators } from './token-settings.js';

/**
 * Starts the feed of other processes' changes, and creates what is missing: keys, the administrators' role with every
 * permission that the contract names, and the first administrator.
 * @param passwordFile where a one-time password of the administrator is to be kept.
 */
export async function prepareService(
  services: Services,
  permissions: readonly string[],
  passwordFile?: string,
): Promise<FirstAdministrator | undefined> {
  await services.feed.start();
  for (const error of services.ring.refusedKeys) services.log.warn({ event: 'key_refused' }, error);
  await services.ring.createMissingKeys();
  await services.prepareOutbox();
  await services.prepareSecondFactors();
  requireRoomForAdministrators(services.accessTokens, services.config, permissions);
  await services.roles.grantAdministrators(permissions);
  return createFirstAdministrator(services, passwordFile);
}

export interface FirstAdministrator {
  readonly username: string;
  /** Undefined where the operator has set a password. */
  readonly oneTimePassword: string | undefined;
}

/**
 * Creates the first administrator where there are no users yet.
 * @throws {StartError} for an invalid name or password in the settings, and where the file cannot be written.
 */
async function createFirstAdministrator(
  { config, users, passwordPolicy }: Services,
  passwordFile: string | undefined,
): Promise<FirstAdministrator | undefined> {
  if (await users.hasUsers()) return undefined;
  const { adminUsername: username, adminPassword: given } = config;
  const nameError = validateUsername(username, config.usernames);
  if (nameError !== undefined)
    throw new StartError(`LATCHKEY_ADMIN_USERNAME ${nameError}. Choose another one.`);
  const violation = given === undefined ? undefined : await passwordPolicy.findViolation(given, { username });
  if (violation)
    throw new StartError(`LATCHKEY_ADMIN_PASSWORD ${describeViolation(violation)}. Choose another one.`);
  const password = given ?? generateOneTimePassword();
  // Before the account: nobody could log in with a password that was lost.
  const kept =
    given === undefined && passwordFile !== undefined
      ? keepOneTimePassword(passwordFile, password)
      : undefined;
  let made = false;
  try {
    made = await users.createFirstAdministrator(username, password, given === undefined, serviceActor);
  } finally {
    if (made) kept?.confirm();
    else kept?.discard();
  }
  return made ? { username, oneTimePassword: given === undefined ? password : undefined } : undefined;
}

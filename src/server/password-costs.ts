import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { Database } from '../database/database.js';
import { Passwords } from '../passwords/passwords.js';
import { passwordHashesStore } from '../users/password-hashes.store.js';

/** Hashes passwords with the costs of the settings, and checks them with all costs in use. */
export async function createPasswords({
  config,
  database,
  log,
}: {
  readonly config: Config;
  readonly database: Database;
  readonly log: Logger;
}): Promise<Passwords> {
  const passwords = new Passwords({
    memoryCost: config.passwordMemoryCost,
    timeCost: config.passwordTimeCost,
    parallelism: config.passwordParallelism,
    queue: config.passwordQueue,
  });
  await readPasswordCosts(database, passwords);
  if (passwords.costsInUse > 1) {
    log.info(
      { costs: passwords.costsInUse },
      'some passwords are hashed with earlier costs, or by another application: until their users have logged in, each login computes one hash per kind, so that its time does not reveal which one a user has',
    );
  }
  return passwords;
}

export async function readPasswordCosts({ queries }: Database, passwords: Passwords): Promise<void> {
  passwords.setCostsInUse(await passwordHashesStore.listCosts(queries));
  passwords.setForeignInUse(await passwordHashesStore.listForeignFamilies(queries));
}

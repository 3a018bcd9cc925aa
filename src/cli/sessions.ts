import type { Command } from 'commander';
import { createOperatorActor } from '../audit/actor.js';
import type { Config } from '../config/config.js';
import type { Services } from '../server/services.js';
import { endAllSessions } from '../sessions/end-all-sessions.js';
import { isSymmetric } from '../keys/algorithms.js';
import type { WithInstallation } from './installation-command.js';

export function addSessionCommands(program: Command, withInstallation: WithInstallation): void {
  const sessions = program.command('sessions').description('who is logged in');
  sessions
    .command('end-all')
    .description('end every session, and refuse every token that was issued until now, as after a restore')
    .action(() => withInstallation(endAll, { mayBeBackup: true }));
}

export async function endAll(services: Services, config: Config): Promise<void> {
  const { sessions, subjects } = await endAllSessions(services, createOperatorActor());
  console.log(
    `All keys are replaced, ${sessions} sessions have ended, and the tokens of ${subjects} users and clients are refused. Everybody logs in again.`,
  );
  const ownKey = isSymmetric(config.algorithm) ? 'JWT_SECRET_KEY' : 'JWT_PRIVATE_KEY';
  if (isSymmetric(config.algorithm) || config.privateKey !== undefined) {
    console.log(
      `Access tokens are signed with ${ownKey}, which only you can replace. Those of clients that are not in this database, because they were made after the backup, are accepted for as long as they live: set another ${ownKey}, here and for the service, where there were such clients.`,
    );
  }
}

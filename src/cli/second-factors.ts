import type { Command } from 'commander';
import { Problem } from '../problems/problem.js';
import { toSecondFactors } from '../second-factors/second-factor-responses.js';
import type { Services } from '../server/services.js';
import { StartError } from '../start-error.js';
import { addAction, type Output } from './command-output.js';
import { findUser } from './find-user.js';
import type { WithInstallation } from './installation-command.js';
import { operator } from './operator.js';

export function addSecondFactorCommands(program: Command, withInstallation: WithInstallation): void {
  const factors = program.command('factors').description('the second factors of accounts');
  addAction(
    factors
      .command('list')
      .description('list the second factors of an account, and how many recovery codes are left')
      .argument('<name>', 'the username'),
    (output, name: string) => withInstallation((services) => listFactors(services, output, name)),
  );
  addAction(
    factors
      .command('remove-totp')
      .description('remove the authenticator app that a user has lost; sessions go on')
      .argument('<name>', 'the username'),
    (output, name: string) => withInstallation((services) => removeTotp(services, output, name)),
  );
}

async function listFactors(services: Services, output: Output, name: string): Promise<void> {
  const { id, username } = await findUser(services, name);
  const state = toSecondFactors(await services.secondFactors.getState(id));
  output.print(
    { user_id: id, ...state },
    state.kinds.length === 0
      ? `"${username}" has no second factor.`
      : `"${username}" has ${state.kinds.join(' and ')}, and ${state.recovery_codes_left} recovery codes.`,
  );
}

async function removeTotp(services: Services, output: Output, name: string): Promise<void> {
  const { id, username } = await findUser(services, name);
  try {
    await services.secondFactors.removeTotp(id, operator);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'second_factor_not_found') throw error;
    throw new StartError(`"${username}" has no authenticator app.`, { cause: error });
  }
  output.print(
    { user_id: id, removed: 'totp' },
    `The authenticator app of "${username}" is removed: the next login does not ask for it.`,
  );
}

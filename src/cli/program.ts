import { Command } from 'commander';
import { addAuditCommands } from './audit.js';
import { addBackupCommand } from './backup.js';
import { addCheckCommand } from './check-database.js';
import { addClientCommands } from './clients.js';
import { addConfigCommands } from './config-check.js';
import { addCopyCommand } from './copy.js';
import { systemClock } from '../clock.js';
import { addHelpHints, formatHelp, formatTerm, refuseUnknownCommand } from './help.js';
import { createInstallationRunner, type CommandContext } from './installation-command.js';
import { addExportCommand } from './export-users.js';
import { addImportCommand } from './import-users.js';
import { addKeyCommands, addSecretCommands } from './keys.js';
import type { Launcher } from './launcher.js';
import { addInvitationCommands } from './invitations.js';
import { addMailCommand } from './mail.js';
import { addMigrateCommand } from './migrate.js';
import type { Project } from '../server/project.js';
import { addPasskeyCommands } from './passkeys.js';
import { addRegistrationsCommand } from './registrations.js';
import { addRestoreCommand } from './restore.js';
import { addRoleCommands } from './roles.js';
import { addSecondFactorCommands } from './second-factors.js';
import { addSessionCommands } from './sessions.js';
import { addUserCommands } from './users.js';
import { addVersionCommand } from './version.js';

const processContext: CommandContext = { environment: process.env, clock: systemClock };

/** All commands with their help. Throws `CommanderError` instead of exiting. */
export function createProgram(launcher: Launcher<Project>, context = processContext): Command {
  const program = new Command('latchkey')
    .description('The service, and the commands of its operator.')
    .version(launcher.version)
    .helpOption('-h, --help', 'print help of a command')
    .helpCommand('help [command]', 'print help of a command')
    .exitOverride()
    .configureHelp({ formatHelp: formatHelp, subcommandTerm: formatTerm })
    // Excess arguments and options may have a password.
    .configureOutput({
      outputError: (text, write) => {
        write(
          text
            .replace(/ but got (\d+): .*/, ' but got $1.')
            .replace(/^(error: unknown option '--[^'=]*)=[^\n]*'/, "$1'"),
        );
      },
    });
  program
    .command('start')
    .description('run the service (what npm start does)')
    .action(() => launcher.start());
  program
    .command('dev')
    .description('run it, and rebuild and restart on each change')
    .action(() => launcher.develop());
  addToolCommands(program, launcher);
  addVersionCommand(program, launcher.version);
  addConfigCommands(program, launcher, context);
  addMigrateCommand(program, launcher.loadProject, context);
  const withInstallation = createInstallationRunner(launcher.loadProject, context);
  addUserCommands(program, withInstallation);
  addRoleCommands(program, withInstallation);
  addClientCommands(program, withInstallation);
  addSessionCommands(program, withInstallation);
  addInvitationCommands(program, withInstallation);
  addMailCommand(program, withInstallation);
  addRegistrationsCommand(program, withInstallation);
  addPasskeyCommands(program, withInstallation);
  addSecondFactorCommands(program, withInstallation);
  addAuditCommands(program, withInstallation);
  addKeyCommands(program, withInstallation);
  addSecretCommands(program, withInstallation);
  addCopyCommand(program, launcher.loadProject, context);
  addImportCommand(program, withInstallation, context);
  addExportCommand(program, withInstallation);
  addBackupCommand(program, context);
  addRestoreCommand(program, launcher.loadProject, context);
  addCheckCommand(program, context);
  program.addHelpText(
    'after',
    '\nThe commands read the settings of the service from the environment, and also work while it runs.',
  );
  program.addHelpText('beforeAll', ({ error }) => {
    if (!error) refuseUnknownCommand(program);
    return '';
  });
  addHelpHints(program);
  return program;
}

/** The launcher runs these by itself, before there is anything to read a command line with: here they are for the help. */
function addToolCommands(program: Command, { build, make }: Launcher<Project>): void {
  program
    .command('build')
    .description('build what is stale')
    .option('--with-tests', 'compile the tests, too')
    .option('--strict', 'take warnings for errors, and ask linters, too')
    .action(() => {
      build(program.args.slice(1));
    });
  program
    .command('check')
    .description('build everything, and compare generated/ with what that makes')
    .option('--strict', 'take warnings for errors, and ask linters, too')
    .action(() => {
      build(['--check', ...program.args.slice(1)]);
    });
  program
    .command('new <plural> [singular]')
    .description('make an operation, with its files and its test')
    .option('--with <what>', '"table": with a table of its own')
    .option('--undo', 'take it away again, if it is as it was made')
    .action(() => {
      make(program.args.slice(1));
    });
}

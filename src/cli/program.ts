import { Command, Help } from 'commander';
import { addAuditCommands } from './audit.js';
import { addBackupCommand } from './backup.js';
import { addCheckCommand } from './check-database.js';
import { addClientCommands } from './clients.js';
import { addConfigCommands } from './config-check.js';
import { addCopyCommand } from './copy.js';
import { systemClock } from '../clock.js';
import { createInstallationRunner, type Surroundings } from './installation-command.js';
import { addKeyCommands, addSecretCommands } from './keys.js';
import type { Launcher } from './launcher.js';
import { addMigrateCommand } from './migrate.js';
import { neverAnArgument, takesPassword } from './password-input.js';
import type { Project } from '../server/project.js';
import { addRoleCommands } from './roles.js';
import { addSessionCommands } from './sessions.js';
import { addUserCommands } from './users.js';
import { addVersionCommand } from './version.js';

const ofProcess: Surroundings = { environment: process.env, clock: systemClock };

/** All commands with their help. Throws `CommanderError` instead of exiting. */
export function createProgram(launcher: Launcher<Project>, surroundings = ofProcess): Command {
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
  addConfigCommands(program, launcher.loadProject, surroundings);
  addMigrateCommand(program, launcher.loadProject, surroundings);
  const withInstallation = createInstallationRunner(launcher.loadProject, surroundings);
  addUserCommands(program, withInstallation);
  addRoleCommands(program, withInstallation);
  addClientCommands(program, withInstallation);
  addSessionCommands(program, withInstallation);
  addAuditCommands(program, withInstallation);
  addKeyCommands(program, withInstallation);
  addSecretCommands(program, withInstallation);
  addCopyCommand(program, launcher.loadProject, surroundings);
  addBackupCommand(program, surroundings);
  addCheckCommand(program, surroundings);
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

/**
 * Commander prints a group's help for an unknown command, and exits with 0.
 * @throws {CommanderError}
 */
function refuseUnknownCommand(program: Command): void {
  const words = program.args.filter((word) => !word.startsWith('-'));
  let group: Command = program;
  for (const word of words) {
    if (group.commands.length === 0) return;
    if (word === 'help') continue;
    const command = group.commands.find((each) => each.name() === word);
    if (!command) {
      const names = group.commands.map((each) => each.name()).join(', ');
      return group.error(`error: unknown command '${word}'. There are: ${names}.`);
    }
    group = command;
  }
}

/** Only in help: suggestions for an unknown command come from its own group. */
function formatHelp(group: Command, helper: Help): string {
  return Help.prototype.formatHelp.call(
    helper,
    group,
    Object.assign(helper, { visibleCommands: flattenCommands }),
  );
}

/** All commands, without groups. */
function flattenCommands(group: Command): Command[] {
  return group.commands.flatMap((each) => (each.commands.length > 0 ? flattenCommands(each) : [each]));
}

/** Formats `keys rotate [access|refresh]`. */
function formatTerm(command: Command): string {
  const parameters = command.registeredArguments.map((argument) => {
    const name = argument.argChoices?.join('|') ?? argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [...getCommandPath(command).slice(1), ...parameters].join(' ');
}

function getCommandPath(command: Command): string[] {
  return [...(command.parent ? getCommandPath(command.parent) : []), command.name()];
}

/** Adds a line below errors that names the help. */
function addHelpHints(command: Command): void {
  const words = getCommandPath(command);
  const settings = ['start', 'dev'].includes(command.name())
    ? `Settings are environment variables, such as in: PORT=3001 ${words.join(' ')}\n`
    : '';
  const passwords = takesPassword(command) ? `${neverAnArgument}\n` : '';
  command.showHelpAfterError(`${settings}${passwords}Help: ${words.join(' ')} --help`);
  for (const each of command.commands) addHelpHints(each);
}

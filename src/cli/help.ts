import { Help, type Command } from 'commander';
import { neverAnArgument, takesPassword } from './password-input.js';

/**
 * Commander prints a group's help for an unknown command, and exits with 0.
 * @throws {CommanderError}
 */
export function refuseUnknownCommand(program: Command): void {
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
export function formatHelp(group: Command, helper: Help): string {
  return Help.prototype.formatHelp.call(
    helper,
    group,
    Object.assign(helper, { visibleCommands: flattenCommands }),
  );
}

/** All commands, without groups. */
export function flattenCommands(group: Command): Command[] {
  return group.commands.flatMap((each) => (each.commands.length > 0 ? flattenCommands(each) : [each]));
}

/** Formats `keys rotate [access|refresh]`. */
export function formatTerm(command: Command): string {
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
export function addHelpHints(command: Command): void {
  const words = getCommandPath(command);
  const settings = ['start', 'dev'].includes(command.name())
    ? `Settings are environment variables, such as in: PORT=3001 ${words.join(' ')}\n`
    : '';
  const passwords = takesPassword(command) ? `${neverAnArgument}\n` : '';
  command.showHelpAfterError(`${settings}${passwords}Help: ${words.join(' ')} --help`);
  for (const each of command.commands) addHelpHints(each);
}

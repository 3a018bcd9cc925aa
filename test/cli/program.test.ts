import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError, type Command } from 'commander';
import { expect } from 'chai';
import { createProgram } from '../../src/cli/program.js';
import project from '../../src/project.js';
import { checkout } from '../support/checkout.js';

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** The arguments and options of the command that ran. */
  readonly ran?: {
    readonly words: string;
    readonly parameters: readonly unknown[];
    readonly options: unknown;
  };
  /** The exit code of Commander. */
  readonly exitCode?: number;
}

/** Parses a command line; the actions only record that they ran. */
async function read(words: readonly string[]): Promise<Outcome> {
  const outcome = { stdout: '', stderr: '' };
  let ran: Outcome['ran'];
  const program = createProgram({
    version: '1.2.3',
    start: () => Promise.resolve(),
    loadProject: () => Promise.resolve(project),
    develop: () => Promise.resolve(),
    build: () => undefined,
    make: () => undefined,
  });
  for (const command of everyCommand(program)) {
    command.configureOutput({
      writeOut: (text) => (outcome.stdout += text),
      writeErr: (text) => (outcome.stderr += text),
    });
    if (command.commands.length === 0) {
      command.action(() => {
        ran = { words: nameOf(command), parameters: [...command.args], options: command.opts() };
      });
    }
  }
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { ...outcome, exitCode: error.exitCode };
  }
  return { ...outcome, ...(ran && { ran }) };
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}`.trim() : '';
}

const all = everyCommand(
  createProgram({
    version: '',
    start: () => Promise.resolve(),
    loadProject: () => Promise.resolve(project),
    develop: () => Promise.resolve(),
    build: () => undefined,
    make: () => undefined,
  }),
);
const leaves = all.filter(({ commands }) => commands.length === 0);

describe('The command line', () => {
  it('has all commands', () => {
    expect(leaves.map(nameOf)).to.include.members(['start', 'build', 'users reset-password', 'keys rotate']);
  });

  it('prints every command and its arguments in its help', async () => {
    const { stdout } = await read(['help']);
    for (const leaf of leaves)
      expect(stdout).to.match(new RegExp(`^  ${nameOf(leaf)}  |^  ${nameOf(leaf)} [<[]`, 'm'));
    expect(stdout).to.match(/^ {2}keys rotate \[access\|refresh\] {2}/m);
    expect(stdout).to.match(/^ {2}users reset-password <name> {2}/m);
  });

  for (const command of all) {
    const name = nameOf(command);
    const words = name === '' ? [] : name.split(' ');
    const what = `latchkey ${name}`.trim();

    for (const [shown, given] of [
      [`${what} --help`, [...words, '--help']],
      [`${what} -h`, [...words, '-h']],
      [
        `latchkey help ${name}`.trim(),
        words.length < 2 ? ['help', ...words] : [words[0] ?? '', 'help', ...words.slice(1)],
      ],
    ] as const) {
      it(`${shown} prints help of that command, and does nothing`, async () => {
        const { exitCode, stdout, stderr, ran } = await read(given);
        expect({ exitCode, stderr, ran }).to.deep.equal({ exitCode: 0, stderr: '', ran: undefined });
        expect(stdout).to.match(new RegExp(`^Usage: ${what}( |$)`, 'm'));
        // Help text is wrapped.
        expect(stdout.replaceAll(/\s+/g, ' ')).to.include(command.description());
      });
    }

    it(`${what} refuses an unknown option`, async () => {
      const { exitCode, stderr, ran } = await read([...words, '--port', '4']);
      expect({ exitCode, ran }).to.deep.equal({ exitCode: 1, ran: undefined });
      expect(stderr).to.include(`unknown option '--port'`).and.include(`Help: ${what} --help\n`);
    });

    it(`${what} refuses an excess argument`, async () => {
      const wanted = command.registeredArguments.map(({ argChoices }) => argChoices?.[0] ?? 'x');
      const { exitCode, stderr, ran } = await read([...words, ...wanted, 'hunter2']);
      expect({ exitCode, ran }).to.deep.equal({ exitCode: 1, ran: undefined });
      expect(stderr)
        .to.match(
          command.commands.length > 0 ? /unknown command 'hunter2'/ : /Expected \d arguments? but got \d\.\n/,
        )
        .and.include(`Help: ${what} --help\n`);
    });

    if (command.registeredArguments.some(({ required }) => required)) {
      it(`${what} names the missing argument`, async () => {
        const { exitCode, stderr, ran } = await read(words);
        expect({ exitCode, ran }).to.deep.equal({ exitCode: 1, ran: undefined });
        expect(stderr).to.match(/missing required argument '\w+'/);
      });
    }
  }

  it('suggests the most similar command for an unknown one', async () => {
    expect((await read(['usres'])).stderr).to.include('Did you mean users?');
    expect((await read(['keys', 'rotat'])).stderr).to.include('Did you mean rotate?');
    expect((await read(['copy', 'a', 'b', '--dryrun'])).stderr).to.include('Did you mean --dry-run?');
  });

  it('prints for start and dev where settings come from', async () => {
    for (const command of ['start', 'dev']) {
      const { stderr } = await read([command, '--port', '4']);
      expect(stderr).to.include(`PORT=3001 latchkey ${command}\n`);
    }
  });

  it('prints which kinds of keys there are', async () => {
    const { exitCode, stderr } = await read(['keys', 'rotate', 'acess']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.include('Allowed choices are access, refresh.');
  });

  it('passes its arguments to the action', async () => {
    expect((await read(['copy', 'sqlite:x', 'postgres:y', '--dry-run'])).ran).to.deep.equal({
      words: 'copy',
      parameters: ['sqlite:x', 'postgres:y'],
      options: { dryRun: true },
    });
    // A name that looks like an option.
    expect((await read(['users', 'reset-password', '--', '--help'])).ran?.parameters).to.deep.equal([
      '--help',
    ]);
  });

  it('prints its version', async () => {
    expect(await read(['--version'])).to.include({ stdout: '1.2.3\n', exitCode: 0 });
  });

  describe('accepts what the documentation shows:', () => {
    for (const [file, line] of shownCommands()) {
      it(`${file}: ${line}`, async () => {
        const words = line.split(' ').slice(2);
        const { exitCode = 0, stderr } = await read(words);
        expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      });
    }
  });
});

/** Each `npx latchkey …` that a page shows in full: not those that name a group, or leave words out. */
function shownCommands(): [file: string, line: string][] {
  const pages = readdirSync(join(checkout, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  const found = ['README.md', ...pages].flatMap((file) =>
    [...readFileSync(join(checkout, file), 'utf8').matchAll(/npx latchkey ([^`#\n]+)/g)].map(
      ([, words = '']): [string, string] => [
        file,
        // Without what a shell does: a pipe, or a file as stdin.
        `npx latchkey ${words.replace(/ [|<] .*/, '').trim()}`,
      ],
    ),
  );
  const isWhole = (line: string): boolean =>
    !all.some((command) => command.commands.length > 0 && line === `npx latchkey ${nameOf(command)}`);
  return found.filter(([, line]) => isWhole(line) && line !== 'npx latchkey copy');
}

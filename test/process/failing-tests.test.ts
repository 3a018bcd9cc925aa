import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { temporaryFolder } from '../support/folders.js';
import { Terminal } from '../support/terminal.js';

const require = createRequire(import.meta.url);
const support = (name: string): string => new URL(`../support/${name}.js`, import.meta.url).href;

/** Tests that hang, for half a second, or where they start a process for as long as a busy machine may take to start it. */
const hanging = `
import { Command, createFolder, endProcesses } from '${support('service-process')}';
import { Terminal } from '${support('terminal')}';
import { until } from '${support('until')}';

const open = () => new Terminal({ folder: '.', environment: process.env });

describe('A hook', function () {
  this.timeout(3000);
  let terminal;
  before(async () => {
    terminal = open();
    await terminal.run('echo printed before the hook hangs');
    await new Promise(() => undefined);
  });
  after(() => terminal.close());
  it('never comes to this test', () => undefined);
});

describe('Waits', function () {
  this.timeout(500);
  after(endProcesses);
  it('for a condition', () => until(() => 1 + 1 === 3));
  it('for a question without a response', () => until(() => new Promise(() => undefined), 'it has a response'));
  it('for a command of a terminal', async () => {
    const terminal = open();
    try {
      await terminal.run('echo a command that hangs; sleep 60');
    } finally {
      await terminal.close();
    }
  }).timeout(3000);
  it('for a process', async () => {
    const command = new Command(['no-such-command'], { folder: await createFolder() });
    await command.waitForLine('what it never prints').catch(() => undefined);
    throw new Error('This is seen after what the process has printed.');
  }).timeout(10_000);
});
`;

describe('A test that fails', () => {
  const folder = temporaryFolder();

  it('shows what it waited for, and what its processes have printed and are doing', () => {
    const file = folder.path('hanging.test.mjs');
    writeFileSync(file, hanging);
    const mocha = require.resolve('mocha/bin/mocha.js');
    const { status, stdout } = spawnSync(process.execPath, [mocha, '--no-config', '--parallel', file], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(status, stdout).to.equal(5);
    const failures = stdout.split(/^ {2}\d+\) /m).slice(-5);
    const [hook, condition, question, terminal, command] = failures;
    expect(hook, hook)
      .to.include('Timeout of 3000ms exceeded')
      .and.include('printed before the hook hangs')
      .and.match(/A terminal \(process \d+\): state S/);
    expect(condition).to.match(/Not so within 0\.4 s: \(\) => 1 \+ 1 === 3/);
    expect(question).to.match(
      /Not so within 0\.4 s, and the last question has no response: it has a response/,
    );
    expect(terminal, terminal)
      .to.match(/printed:\n +a command that hangs/)
      .and.match(/its process \d+: state [A-Z].*sleep 60/);
    expect(command)
      .to.match(/latchkey no-such-command \(process \d+\) has ended: exit code 2/)
      .and.match(/stderr:\n.*no-such-command/);
  });
});

describe('A terminal of the tests', () => {
  it('has all that a command has printed, in its order, when the command has ended', async () => {
    const terminal = new Terminal({ folder: '.', environment: process.env });
    try {
      const printed = terminal.run('echo one; echo two >&2; echo three');
      // The test reads when all of it is there: of two pipes it would read all of the first one first.
      spawnSync('sleep', ['0.2']);
      expect(await printed).to.equal('one\ntwo\nthree\n');
    } finally {
      await terminal.close();
    }
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';
import { copyEnvironment } from '../support/project-copy.js';

const { scripts } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

function run(program: string, ...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...copyEnvironment(), npm_config_update_notifier: 'false' },
    shell: process.platform === 'win32',
  });
  return { status, stdout, stderr };
}

describe('npm run', () => {
  for (const [script, words, says] of [
    [
      'start',
      ['--port', '4'],
      /unknown option '--port'\nSettings are environment variables, .* latchkey start/,
    ],
    ['start', ['now'], /too many arguments for 'start'/],
    ['dev', ['--port', '4'], /unknown option '--port'\nSettings are environment variables, .* latchkey dev/],
    ['build', ['--fast'], /^Unknown option '--fast'$[\s\S]*^Usage: npm run build/m],
    ['build', ['now'], /^Unexpected argument 'now'$[\s\S]*^Usage: npm run build/m],
    ['check', ['--fix'], /^Unknown option '--fix'$[\s\S]*^Usage: npm run check/m],
    ['check', ['nothing'], /^There is no check 'nothing'\.$[\s\S]*^Usage: npm run check/m],
    ['new', [], /^It needs a name\.$[\s\S]*^Usage: npm run new/m],
    ['new', ['--unknown'], /^Unknown option '--unknown'$[\s\S]*^Usage: npm run new/m],
    ['new', ['reports', 'report', 'now'], /^Unexpected argument 'now'$[\s\S]*^Usage: npm run new/m],
    ['pack', ['--all'], /^Unknown option '--all'$[\s\S]*^Usage: npm run pack/m],
    ['pack', ['nothing'], /^There is no package 'nothing'\.$[\s\S]*^Usage: npm run pack/m],
    ['sdk', ['--all'], /^Unknown option '--all'$[\s\S]*^Usage: npm run sdk/m],
    ['sdk', ['nothing'], /^There is no SDK nothing\.$[\s\S]*^Usage: npm run sdk/m],
    ['sdk', [], /^Which SDK\?$[\s\S]*^Usage: npm run sdk/m],
    ['test:sdks', ['nothing'], /^There is no SDK nothing\.$[\s\S]*^Usage: npm run sdk/m],
    ['test:one', [], /^Which tests\?$[\s\S]*^Usage: npm run test:one/m],
    ['test:one', ['--watch'], /^Unknown option '--watch'$[\s\S]*^Usage: npm run test:one/m],
    [
      'test:flakes',
      ['--cores', '0'],
      /^"0" is no number of runs or cores\.$[\s\S]*^Usage: npm run test:flakes/m,
    ],
    ['contract:diff', ['--released'], /^Unknown option '--released'$[\s\S]*^Usage: npm run contract:diff/m],
    ['contract:diff', ['now'], /^Unexpected argument 'now'$[\s\S]*^Usage: npm run contract:diff/m],
  ] as const) {
    it(`${script} -- ${words.join(' ')} ends with 2 and a hint, and does nothing`, () => {
      const { status, stdout, stderr } = run('npm', 'run', '--silent', script, '--', ...words);
      expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
      expect(stderr).to.match(says);
    });
  }

  for (const script of [
    'build',
    'check',
    'new',
    'pack',
    'release',
    'sdk',
    'contract:diff',
    'test:one',
    'test:flakes',
  ]) {
    it(`${script} -- --help says how it is used, and does no more`, () => {
      const { status, stdout, stderr } = run('npm', 'run', '--silent', script, '--', '--help');
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
      expect(stdout).to.match(/^Usage: npm run /);
    });
  }

  // npm puts the words after the script's text, and gives it to a shell.
  for (const script of ['start', 'dev']) {
    it(`${script} becomes the command in a POSIX shell, so that it gets the signals that npm gives the shell`, function () {
      if (process.platform === 'win32') this.skip();
      const text = scripts[script] ?? '';
      const [before = '', command = ''] = text.split(' || ');
      // The same, with a command that says which process it is, in place of the service.
      const said = `${before} || node --eval 'console.log(process.pid)'`;
      expect(command).to.match(/^node .*bin\/latchkey\.js (start|dev)$/);
      const child = spawnSync('sh', ['-c', said], { encoding: 'utf8', env: copyEnvironment() });
      expect(child.stdout).to.equal(`${child.pid}\n`);
    });

    it(`${script} has no command before the last part, which is what Windows' shell runs, words and all`, () => {
      const [before = '', command, ...more] = (scripts[script] ?? '').split(' || ');
      expect(more).to.deep.equal([]);
      expect(command).to.match(/^node /);
      // To cmd.exe the braces are a command that is not there; a "&", "|", "<" or ">" would begin another one.
      expect(before).to.match(/^\{ [^&|<>^%]*\}$/);
    });
  }
});

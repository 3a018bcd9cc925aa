import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';
import { copyEnvironment } from '../support/project-copy.js';

/** The `script` command of util-linux, which gives a command a terminal. */
const hasScript =
  process.platform === 'linux' && spawnSync('script', ['--version'], { encoding: 'utf8' }).status === 0;

describe('npm start on a terminal', () => {
  const folder = temporaryFolder();
  before(function () {
    if (!hasScript) this.skip();
  });

  /** Starts the service, and ends it by Ctrl-C when it listens. @returns the output on the terminal. */
  async function printed(columns: number, ...words: readonly string[]): Promise<string> {
    const command = `stty rows 24 cols ${columns} && exec npm start ${words.join(' ')}`;
    const script = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
      cwd: checkout,
      env: {
        ...copyEnvironment(),
        npm_config_update_notifier: 'false',
        // Where npm takes long to start, it shows a spinner, and erases it.
        npm_config_progress: 'false',
        // npm's own setting in the environment of the tests: with `npm --silent test` there would be nothing to erase.
        npm_config_loglevel: 'notice',
        NO_COLOR: '1',
        PORT: '0',
        DATABASE_URL: `sqlite:${join(folder.path('.'), 'latchkey.db')}`,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(script, 'close');
    let text = '';
    script.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    for (let tries = 0; tries < 3000 && !text.includes('Latchkey listens on '); tries += 1) await wait(10);
    script.stdin.write('\x03');
    expect(await ended).to.deep.equal([0, null]);
    return text.replaceAll('\r\n', '\n');
  }

  for (const columns of [100, 40]) {
    it(`erases npm's lines about its script, so that the service's own come first: ${columns} columns`, async () => {
      const text = await printed(columns);
      const [, banner = '', up, rest = ''] = /^(.*?)\x1b\[(\d+)A\x1b\[1G\x1b\[0J(.*)$/s.exec(text) ?? [];
      expect(banner).to.match(/^\n> latchkey@\S+ start\n> .*\n\n$/);
      const rows = banner.split('\n').slice(0, -1);
      const height = rows.reduce((sum, row) => sum + Math.max(1, Math.ceil(row.length / columns)), 0);
      expect(Number(up)).to.equal(height);
      expect(rest).to.match(/^(Building\.\n)?(The administrator account was created|Latchkey listens on)/);
    });
  }

  it('logs readable text instead of JSON', async () => {
    const text = await printed(100);
    expect(text).to.match(/^(\^C)?\d\d:\d\d:\d\d info {2}stopping signal=SIGINT$/m);
    expect(text).not.to.match(/^\{"/m);
  });

  it('erases nothing if npm prints nothing', async () => {
    expect(await printed(100, '--silent')).not.to.include('\x1b[0J');
  });
});

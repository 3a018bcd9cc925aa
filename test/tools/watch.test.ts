import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';
import { until } from '../support/until.js';

/** Makes and removes folders in folders, as another process does: some go while they are listed. */
const coming = `
import { mkdirSync, rmSync } from 'node:fs';
for (let time = 0; time < 2000; time += 1) {
  mkdirSync('outer/' + (time % 7) + '/inner/innermost', { recursive: true });
  rmSync('outer', { recursive: true });
}`;

type WatchFolder = (folder: string, onChange: () => void) => { readonly close: () => void };

describe('A folder that is watched', () => {
  let watchFolder: WatchFolder;
  before(async () => {
    const script = pathToFileURL(join(checkout, 'tools/project/watch.ts')).href;
    ({ watchFolder } = (await import(script)) as { watchFolder: WatchFolder });
  });

  const folder = temporaryFolder();

  it('may have folders that go while they are looked at', async () => {
    let changes = 0;
    const watched = watchFolder(folder.path('.'), () => (changes += 1));
    try {
      const words = ['--input-type=module', '--eval', coming];
      const busy = spawn(process.execPath, words, { cwd: folder.path('.'), stdio: 'ignore' });
      await once(busy, 'close');
      await until(() => changes > 0);
      // What comes afterwards is seen, too.
      mkdirSync(folder.path('last'));
      changes = 0;
      await until(() => {
        writeFileSync(folder.path('last/file'), String(changes));
        return changes > 0;
      });
    } finally {
      watched.close();
    }
  });
});

import { spawnSync } from 'node:child_process';
import { linkSync, renameSync, rmSync, symlinkSync, writeFileSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { refuseSharedFile } from '../../src/database/shared-file.js';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';

describe('A SQLite file that another path can name', () => {
  const folder = temporaryFolder();
  const noMounts = (): string => '';

  it('is refused with its other names, until it has one name', () => {
    const [file, link] = [folder.path('a.db'), folder.path('b.db')];
    writeFileSync(file, 'x');
    symlinkSync(file, folder.path('symbolic.db'));
    refuseSharedFile(file);
    refuseSharedFile(folder.path('symbolic.db'));
    linkSync(file, link);
    expect(() => {
      refuseSharedFile(file);
    }).to.throw(`The SQLite file ${file} has 2 names (hard links, among them ${link}). Its log and its lock`);
    expect(() => {
      refuseSharedFile(folder.path('symbolic.db'));
    }).to.throw(/has 2 names/);
    // What the message says to do.
    copyFileSync(link, `${link}.own`);
    renameSync(`${link}.own`, link);
    refuseSharedFile(file);
    refuseSharedFile(link);
    linkSync(file, folder.path('c.db'));
    rmSync(folder.path('c.db'));
    refuseSharedFile(file);
  });

  it('is refused where it is mounted alone, and its folder may be', () => {
    const file = folder.path('a\\ file.db');
    writeFileSync(file, 'x');
    const mount = (path: string) => (): string =>
      `36 35 98:0 / / rw - ext4 /dev/sda1 rw\n37 36 98:0 /x ${path.replaceAll('\\', '\\134').replaceAll(' ', '\\040')} rw,noatime - ext4 /dev/sda1 rw\n`;
    expect(() => {
      refuseSharedFile(file, mount(file));
    }).to.throw(`The SQLite file ${file} is mounted alone.`);
    refuseSharedFile(file, mount(folder.path('.')));
    refuseSharedFile(file, mount(`${file}x`));
    refuseSharedFile(file, noMounts);
  });

  it('is refused where the system has mounted it', function () {
    const file = folder.path('mounted.db');
    writeFileSync(file, 'x');
    const module = join(checkout, 'dist/src/database/shared-file.js');
    const script = `import { refuseSharedFile } from ${JSON.stringify(module)}; refuseSharedFile(process.argv[1])`;
    const run = (command: string) =>
      spawnSync(
        'unshare',
        ['--map-root-user', '--mount', 'sh', '-c', command, file, process.execPath, script],
        { encoding: 'utf8' },
      );
    // Containers may not mount.
    if (run('mount --bind "$0" "$0"').status !== 0) this.skip();
    const node = '"$1" --input-type=module --eval "$2" "$0"';
    expect(run(node)).to.include({ status: 0, stderr: '' });
    expect(run(`mount --bind "$0" "$0" && ${node}`).stderr).to.match(/mounted\.db is mounted alone/);
  });

  it('is not one that there is not, or cannot be read', () => {
    const file = folder.path('file');
    writeFileSync(file, 'x');
    for (const path of [folder.path('missing.db'), join(file, 'below'), folder.path('.'), ':memory:'])
      refuseSharedFile(path);
  });
});

import { spawnSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Conditions } from '../harness/conditions.ts';
import { checkout } from '../harness/folders.ts';

/** The checkout as it is, built, in a folder of its own, where its sources can be changed. */
export function copyCheckout(conditions: Conditions): string {
  const folder = conditions.newFolder('checkout');
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: checkout, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`git cannot list the files of the checkout: ${stderr}`);
  for (const file of stdout.split('\0').filter((name) => name !== '')) {
    cpSync(join(checkout, file), join(folder, file));
  }
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes what was compiled from sources that are gone: mocha and Node would go on finding it.
 * @param others files below the root that are made in another way
 */
export function removeOrphans(root: string, others: readonly string[]): void {
  for (const folder of ['src', 'generated', 'test']) {
    const compiled = join(root, 'dist', folder);
    if (!existsSync(compiled)) continue;
    for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
      const source = join(root, folder, file).replace(/\.(js|d\.ts)(\.map)?$/, '.ts');
      if (!existsSync(source) && !others.includes(join('dist', folder, file)))
        rmSync(join(compiled, file), { recursive: true, force: true });
    }
  }
}

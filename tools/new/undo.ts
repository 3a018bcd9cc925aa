// `latchkey new reports --undo`: takes away what was made, as far as it is as it was made.
import { existsSync, readFileSync, rmdirSync, rmSync, writeFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listOwnFiles, makeMigration, migrationsFile, servicesFile, type Feature } from './feature.ts';
import { findMigration, removeMigration } from './migrations-file.ts';
import { removeService } from './services-file.ts';

export interface Undone {
  readonly removed: readonly string[];
  /** What is there and not as it was made. */
  readonly left: readonly string[];
}

/**
 * Removes what was made with or without a table. Where a file of the feature was changed, nothing is removed of the shared
 * files: what is left needs it.
 */
export function undo(feature: Omit<Feature, 'withTable'>): Undone {
  const { root, names } = feature;
  const folder = names['audit-logs'];
  const withTable = existsSync(join(root, `src/${folder}/${folder}.store.ts`));
  const files = listOwnFiles({ ...feature, withTable });
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const migration = withTable ? findMigration(read(migrationsFile), folder) : undefined;
  if (migration !== undefined) {
    const path = `src/migrations/${migration}.ts`;
    files.set(path, makeMigration({ ...feature, withTable }, path));
  }
  const there = [...files].filter(([path]) => existsSync(join(root, path)));
  const left = there.filter(([path, text]) => read(path) !== text).map(([path]) => path);
  if (left.length > 0 || there.length === 0) return { removed: [], left };
  const removed = there.map(([path]) => path);
  for (const path of removed) {
    rmSync(join(root, path));
    const parent = join(root, dirname(path));
    if (readdirSync(parent).length === 0) rmdirSync(parent);
  }
  const rewrite = (path: string, change: (text: string) => string): void => {
    const text = read(path);
    const changed = change(text);
    if (changed === text) return;
    writeFileSync(join(root, path), changed);
    removed.push(`the lines in ${path}`);
  };
  const { AuditLogs } = names;
  rewrite(servicesFile, (text) =>
    removeService(text, { type: `${AuditLogs}Service`, ...(withTable && { store: `${AuditLogs}Store` }) }),
  );
  if (migration !== undefined) rewrite(migrationsFile, (text) => removeMigration(text, migration));
  return { removed, left };
}

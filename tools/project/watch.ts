// Reports that something in a folder may have changed. The reader of the files finds out what did: editors write by
// renaming, in several steps, and write temporary files beside.
import { existsSync, readdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';

interface Watched {
  readonly close: () => void;
}

/** @param folder with all folders in it */
export function watchFolder(folder: string, onChange: () => void): Watched {
  // Linux has no recursive watch. Node's emulation holds on to each file, and loses those that are replaced.
  if (process.platform !== 'linux') return watch(folder, { recursive: true }, onChange);
  const watchers = new Map<string, FSWatcher>();
  const update = (): void => {
    const folders = new Set(listFolders(folder));
    for (const [path, watcher] of watchers) {
      if (folders.has(path)) continue;
      watcher.close();
      watchers.delete(path);
    }
    for (const path of folders) if (!watchers.has(path)) add(path);
  };
  const add = (path: string): void => {
    // One that is gone already is reported by the folder above.
    const watcher = unlessGone(() => watch(path));
    if (!watcher) return;
    const forget = (): void => {
      watcher.close();
      watchers.delete(path);
    };
    watcher.on('change', (event) => {
      // A folder that comes, goes, or is replaced by another of its name.
      if (event === 'rename') {
        if (!existsSync(path)) forget();
        update();
      }
      onChange();
    });
    watcher.on('error', forget);
    watchers.set(path, watcher);
  };
  update();
  return {
    close: () => {
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** @param isWatched by the file's name */
export function watchFiles(
  folder: string,
  isWatched: (name: string) => boolean,
  onChange: () => void,
): Watched {
  return watch(folder, (_event, name) => {
    if (name === null || isWatched(name)) onChange();
  });
}

/** Each by itself: one that goes meanwhile, as while a folder is removed, ends a recursive reading of all. */
function listFolders(folder: string): string[] {
  const entries = unlessGone(() => readdirSync(folder, { withFileTypes: true }));
  if (!entries) return [];
  const inner = entries.filter((entry) => entry.isDirectory());
  return [folder, ...inner.flatMap(({ name }) => listFolders(join(folder, name)))];
}

/** @returns undefined where a file or folder is not there any more. */
function unlessGone<Value>(use: () => Value): Value | undefined {
  try {
    return use();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

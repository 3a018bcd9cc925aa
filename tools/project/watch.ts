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
    const watcher = watch(path, (event) => {
      // A folder that comes, goes, or is replaced by another of its name.
      if (event === 'rename') {
        if (!existsSync(path)) {
          watcher.close();
          watchers.delete(path);
        }
        update();
      }
      onChange();
    });
    // Its folder is gone, which the folder above reports.
    watcher.on('error', () => {
      watcher.close();
      watchers.delete(path);
    });
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

function listFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const inner = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  return [folder, ...inner];
}

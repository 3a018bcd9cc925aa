// Worker thread of restored-file.ts: checks whether a SQLite file is damaged.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

parentPort?.postMessage(findDamage(workerData as string));

function findDamage(file: string): string | undefined {
  try {
    const database = new DatabaseSync(file, { timeout: 5000 });
    try {
      const found = database.prepare('pragma quick_check(1)').get()?.['quick_check'];
      return found === 'ok' ? undefined : String(found);
    } finally {
      database.close();
    }
  } catch (error) {
    const { errcode, message } = error as { errcode?: number; message: string };
    // SQLITE_CORRUPT and SQLITE_NOTADB. Other errors are reported when the service opens the file.
    return errcode === 11 || errcode === 26 ? message : undefined;
  }
}

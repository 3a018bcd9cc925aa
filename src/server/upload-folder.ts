import type { Request, Response } from 'express';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new WeakMap<Request, UploadFolder>();

/** The folder of a request's files. It is deleted when the response has ended, or the connection, and the operation, too. */
class UploadFolder {
  readonly path = mkdtemp(join(tmpdir(), 'latchkey-upload-'));
  /** Settles when the operation has ended. */
  handled: Promise<unknown> = Promise.resolve();

  async delete(): Promise<void> {
    // Both are reported where they are awaited otherwise.
    await Promise.allSettled([this.path, this.handled]);
    // A file that is still being opened would make the first attempt fail.
    await rm(await this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Makes the folder at the first call. */
export async function openUploadFolder(request: Request, response: Response): Promise<string> {
  let folder = folders.get(request);
  if (!folder) {
    const made = (folder = new UploadFolder());
    folders.set(request, made);
    const remove = (): void => {
      made.delete().catch((error: unknown) => {
        response.app.locals.services.log.error({ err: error }, 'uploaded files could not be deleted');
      });
    };
    if (response.closed) remove();
    else response.once('close', remove);
  }
  return folder.path;
}

/** Keeps the files until the operation has ended, even if its client disconnects before. */
export function keepUploads(request: Request, handled: Promise<unknown>): void {
  const folder = folders.get(request);
  if (folder) folder.handled = handled;
}

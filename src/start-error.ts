/** The service cannot start, or the command cannot run; the message says why and what to do, in one sentence or two. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/**
 * A worker thread could not be started.
 * @param purpose continues "a thread that".
 */
export function createThreadError(purpose: string, cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StartError(
    `No thread that ${purpose} could be started (${reason}). Let this user and its control group have more threads (ulimit -u, TasksMax, pids.max), open files (ulimit -n) and memory.`,
    { cause },
  );
}

/** The service cannot start, or the command cannot run; the message says why and what to do, in one sentence or two. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

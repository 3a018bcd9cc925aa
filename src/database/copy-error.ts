/** The copy cannot be made; the message is for the operator. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
}

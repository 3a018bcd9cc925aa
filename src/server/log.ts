import { pino, type DestinationStream, type Logger, type SerializedError } from 'pino';
import type { Config } from '../config/config.js';
import { formatReadableLine } from './readable-log.js';

/**
 * Creates the log.
 * @param destination undefined: stdout, as JSON lines.
 * @param getFields of each line, in the asynchronous context of what writes it.
 */
export function createLog(level: string, destination?: DestinationStream, getFields?: () => object): Logger {
  return pino(
    { level, serializers: { err: serializeError }, ...(getFields && { mixin: getFields }) },
    destination,
  );
}

/** Whether the log is text for people. */
export function isTextLog({ logFormat }: Pick<Config, 'logFormat'>): boolean {
  return logFormat === 'text' || (logFormat === 'auto' && process.stdout.isTTY);
}

/** Stdout, for text. */
export const textDestination: DestinationStream = {
  write: (line) => void process.stdout.write(formatReadableLine(line, process.stdout)),
};

function serializeError(error: Error): SerializedError {
  return Object.assign(pino.stdSerializers.err(error), { message: joinCauses(error) });
}

/** pino's own function repeats the cause of an error whose message includes it. */
function joinCauses(error: Error): string {
  let message = error.message;
  const seen = new Set<unknown>([error]);
  for (let { cause } = error; cause instanceof Error && !seen.has(cause); { cause } = cause) {
    seen.add(cause);
    if (!message.includes(cause.message)) message += `: ${cause.message}`;
  }
  return message;
}

import { pino, type DestinationStream, type Logger, type SerializedError } from 'pino';
import { readableLine } from './readable-log.js';

/** Creates the log. @param destination default: stdout, as JSON lines, or as text on a terminal. */
export function createLog(level: string, destination = terminal()): Logger {
  return pino({ level, serializers: { err: serializeError } }, destination);
}

/** Undefined where stdout is none: pino writes to it by itself. */
function terminal(): DestinationStream | undefined {
  const { stdout } = process;
  return stdout.isTTY ? { write: (line) => void stdout.write(readableLine(line, stdout)) } : undefined;
}

function serializeError(error: Error): SerializedError {
  return Object.assign(pino.stdSerializers.err(error), { message: messageWithCauses(error) });
}

/** pino's own function repeats the cause of an error whose message includes it. */
function messageWithCauses(error: Error): string {
  let message = error.message;
  const seen = new Set<unknown>([error]);
  for (let { cause } = error; cause instanceof Error && !seen.has(cause); { cause } = cause) {
    seen.add(cause);
    if (!message.includes(cause.message)) message += `: ${cause.message}`;
  }
  return message;
}

import { pino, type DestinationStream, type Logger, type SerializedError } from 'pino';

/** The service's log: JSON lines. @param destination stdout, unless it is said. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  return pino({ level, serializers: { err: serializeError } }, destination);
}

function serializeError(error: Error): SerializedError {
  return Object.assign(pino.stdSerializers.err(error), { message: messageWithCauses(error) });
}

/** pino's own repeats what an error says already that was made of its cause. */
function messageWithCauses(error: Error): string {
  let message = error.message;
  const seen = new Set<unknown>([error]);
  for (let { cause } = error; cause instanceof Error && !seen.has(cause); { cause } = cause) {
    seen.add(cause);
    if (!message.includes(cause.message)) message += `: ${cause.message}`;
  }
  return message;
}

import type { Response } from 'express';

/** A server-sent event (WHATWG HTML §9.2). */
export interface ServerSentEvent {
  /** Sent by a reader as `Last-Event-ID` to continue from here. */
  readonly id?: string;
  /** Sent as JSON. */
  readonly data: unknown;
}

/**
 * Sends a stream of events. Errors before the first event get a response of their own. Resolves when the events have ended
 * or the client has disconnected.
 * @param tooSlow aborted when the client does not keep up: the connection is destroyed.
 */
export async function sendEvents(
  response: Response,
  events: AsyncIterable<ServerSentEvent>,
  tooSlow: AbortSignal,
): Promise<void> {
  let resume: () => void = () => undefined;
  for (const event of ['drain', 'close']) {
    response.on(event, () => {
      resume();
    });
  }
  tooSlow.addEventListener('abort', () => response.destroy());
  for await (const event of events) {
    if (response.destroyed) return;
    if (!response.headersSent) {
      response.writeHead(200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'X-Accel-Buffering': 'no', // nginx would hold events back until it has a buffer full of them
      });
      // The response to HEAD is complete.
      if (response.req.method === 'HEAD') break;
    }
    if (!response.write(formatEvent(event))) await new Promise<void>((resolve) => (resume = resolve));
  }
  response.end();
}

function formatEvent({ id, data }: ServerSentEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

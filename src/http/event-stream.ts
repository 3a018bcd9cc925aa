import type { Response } from 'express';

/** A server-sent event (WHATWG HTML §9.2). */
export interface ServerSentEvent {
  /** What a reader sends as `Last-Event-ID` to go on from here. */
  readonly id?: string;
  /** Sent as JSON. */
  readonly data: unknown;
}

/**
 * Answers with a stream of events, each as soon as there is one. What fails before the first one is an answer of its
 * own. Resolves when the events have ended or the client has gone.
 * @param tooSlow aborted when the client does not keep up: the connection is closed as it is.
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
      // A HEAD has been answered with that.
      if (response.req.method === 'HEAD') break;
    }
    if (!response.write(formatEvent(event))) await new Promise<void>((resolve) => (resume = resolve));
  }
  response.end();
}

function formatEvent({ id, data }: ServerSentEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

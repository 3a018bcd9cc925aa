import { Agent, request } from 'node:http';

interface ClientRequest {
  /** The value of the Authorization header. */
  readonly authorization?: string;
  /** What is sent as JSON, by POST; without it the request is a GET. */
  readonly body?: object;
}

interface ClientResponse {
  readonly status: number;
  readonly text: string;
}

/** Without a response for so long, in milliseconds, a request has failed. */
const patience = 10_000;

/** Sends requests, as many at a time as its caller has, each on a connection that is kept for later ones. */
export class Client {
  /** In turn: no connection waits until its server closes it. */
  readonly #agent = new Agent({ keepAlive: true, scheduling: 'fifo' });

  send(url: string, { authorization, body }: ClientRequest = {}): Promise<ClientResponse> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        url,
        {
          agent: this.#agent,
          timeout: patience,
          method: content === undefined ? 'GET' : 'POST',
          headers: {
            ...(authorization !== undefined && { Authorization: authorization }),
            ...(content !== undefined && {
              'Content-Type': 'application/json',
              'Content-Length': Buffer.byteLength(content),
            }),
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.once('end', () => {
            resolve({ status: response.statusCode ?? 0, text });
          });
          response.once('error', reject);
        },
      );
      sent.once('timeout', () => sent.destroy(new Error(`${url} gave no response within ${patience} ms.`)));
      sent.once('error', reject);
      sent.end(content);
    });
  }

  /**
   * The same where any other response is an error of the measurement.
   * @returns the response's body.
   */
  async expect(status: number, url: string, request: ClientRequest = {}): Promise<unknown> {
    const { status: given, text } = await this.send(url, request);
    if (given !== status) {
      throw new Error(`${url} gave ${given} rather than ${status}: ${text}`);
    }
    return text === '' ? undefined : JSON.parse(text);
  }

  close(): void {
    this.#agent.destroy();
  }
}

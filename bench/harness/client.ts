import { Agent, request } from 'node:http';

interface Question {
  /** The value of the Authorization header. */
  readonly authorization?: string;
  /** What is sent as JSON, by POST; without it the question is a GET. */
  readonly body?: object;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Without an answer for so long, in milliseconds, a request has failed. */
const patience = 10_000;

/** Asks servers, as many questions at a time as its caller has, each on a connection that is kept for later ones. */
export class Client {
  /** In turn: no connection waits until its server closes it. */
  readonly #agent = new Agent({ keepAlive: true, scheduling: 'fifo' });

  ask(url: string, { authorization, body }: Question = {}): Promise<Answer> {
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
      sent.once('timeout', () => sent.destroy(new Error(`${url} did not answer within ${patience} ms.`)));
      sent.once('error', reject);
      sent.end(content);
    });
  }

  /**
   * The same where any other answer is a fault of the measurement.
   * @returns the answer's body.
   */
  async expect(status: number, url: string, question: Question = {}): Promise<unknown> {
    const answer = await this.ask(url, question);
    if (answer.status !== status) {
      throw new Error(`${url} answered ${answer.status} rather than ${status}: ${answer.text}`);
    }
    return answer.text === '' ? undefined : JSON.parse(answer.text);
  }

  close(): void {
    this.#agent.destroy();
  }
}

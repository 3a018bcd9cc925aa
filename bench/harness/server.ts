import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { PinnedProcess, type Program } from './processes.ts';

/** A server, given the port that it is to listen on. */
export type ServerProgram = (port: number) => Program;

/** How long a server may take until its first response, in milliseconds. */
const startWithin = 30_000;

/** A server that is measured. */
export class Server {
  readonly process: PinnedProcess;
  readonly url: string;
  /** From the process's start to the first response with the wanted status, in milliseconds. */
  readonly startTime: number;

  private constructor(process: PinnedProcess, url: string, startTime: number) {
    this.process = process;
    this.url = url;
    this.startTime = startTime;
  }

  /**
   * @param readyPath is asked until there is any response.
   * @param readyStatus until the response has this status.
   */
  static async start(
    program: ServerProgram,
    cores: string,
    readyPath: string,
    readyStatus?: number,
  ): Promise<Server> {
    const port = await findFreePort();
    const url = `http://127.0.0.1:${port}`;
    const begun = performance.now();
    const process = new PinnedProcess(program(port), cores);
    for (;;) {
      const status = await fetchStatus(url + readyPath);
      const elapsed = performance.now() - begun;
      if (status !== undefined && (readyStatus ?? status) === status)
        return new Server(process, url, elapsed);
      if (process.hasEnded) throw new Error(`It ended before its first response: ${process.output}`);
      if (elapsed > startWithin)
        throw new Error(`There was no response within ${startWithin} ms: ${process.output}`);
      await wait(2);
    }
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}

function fetchStatus(url: string): Promise<number | undefined> {
  return fetch(url, { headers: { Connection: 'close' }, redirect: 'manual' }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => undefined,
  );
}

/** A TCP port that nothing listens on. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/** Starts servers, does some work with them, and stops them whatever comes. */
export async function withServers<Name extends string, Result>(
  starts: Readonly<Record<Name, () => Promise<Server>>>,
  work: (servers: Readonly<Record<Name, Server>>) => Promise<Result>,
): Promise<Result> {
  const servers: Partial<Record<Name, Server>> = {};
  try {
    for (const [name, start] of Object.entries(starts) as [Name, () => Promise<Server>][]) {
      servers[name] = await start();
    }
    return await work(servers as Record<Name, Server>);
  } finally {
    await Promise.all(Object.values<Server>(servers as Record<Name, Server>).map((server) => server.stop()));
  }
}

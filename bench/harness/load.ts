import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peersFolder } from './folders.ts';
import { PinnedProcess, type Program } from './processes.ts';

/** What a load generator sends, as many at a time as it has connections; each connection waits for its response. */
export interface Load {
  readonly connections: number;
  readonly requests: Requests | Refreshes;
}

export interface Requests {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** What the lines of `file` are: values of a header, or JSON bodies. They are sent in turn. */
  readonly lines?: { readonly as: 'body' | 'Authorization' | 'Cookie'; readonly file: string };
  /** Milliseconds, on average, between a connection's requests; without it the next follows at once. */
  readonly pause?: number;
}

/** `POST` of refresh tokens, each from a response before. */
export interface Refreshes {
  readonly path: string;
  readonly refreshTokens: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds, like those below. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Responses of 400 and above, and requests without a response. */
  readonly failures: number;
}

const folder = fileURLToPath(new URL('../load', import.meta.url));
const substitute = join(peersFolder, 'autocannon/load.js');

export type Generator = 'wrk' | 'autocannon';

/** wrk where it is installed: it takes a fraction of a core where autocannon takes a whole one. */
export function findGenerator(): Generator {
  return spawnSync('wrk', ['--version']).error ? 'autocannon' : 'wrk';
}

/** Starts a load; `LoadRun.result` waits for its end. */
export class LoadRun {
  readonly #process: PinnedProcess;

  constructor(generator: Generator, load: Load, url: string, seconds: number, cores: string) {
    this.#process = new PinnedProcess(buildLoadProgram(generator, load, url, seconds), cores);
  }

  async result(): Promise<LoadResult> {
    return (await this.#process.result()) as LoadResult;
  }
}

function buildLoadProgram(generator: Generator, load: Load, url: string, seconds: number): Program {
  const { connections, requests } = load;
  const [script, words] =
    'refreshTokens' in requests
      ? ['refresh', [requests.path, requests.refreshTokens]]
      : [
          'requests',
          [
            requests.method,
            requests.path,
            requests.lines?.as ?? '-',
            requests.lines?.file ?? '-',
            String(requests.pause ?? 0),
          ],
        ];
  if (generator === 'autocannon') {
    return {
      command: process.execPath,
      args: [substitute, script, url, String(connections), String(seconds), ...words],
    };
  }
  return {
    command: 'wrk',
    args: [
      ...['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`],
      ...['--timeout', '10s', '--script', `${folder}/${script}.lua`, url, '--', ...words],
    ],
  };
}

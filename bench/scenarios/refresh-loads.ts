import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Conditions } from '../harness/conditions.ts';
import { peersFolder } from '../harness/folders.ts';
import type { Load } from '../harness/load.ts';
import type { ServerProgram } from '../harness/server.ts';

/** How many sessions a measurement takes: four to a client, and more clients than any scenario has. */
export const sessionsEach = 256;

/** Loads of POST /refresh, each with refresh tokens of its own: where one ends, some responses have not come. */
export function createRefreshLoads({ newFolder }: Conditions, file: string, connections: number): () => Load {
  const folder = newFolder('refreshes');
  let used = 0;
  return () => {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const slice = lines.slice(used * sessionsEach, (used + 1) * sessionsEach);
    if (slice.length < sessionsEach) throw new Error('There are fewer sessions than the measurements need.');
    used += 1;
    const refreshTokens = join(folder, String(used));
    writeFileSync(refreshTokens, slice.map((line) => `${line}\n`).join(''));
    return { connections, requests: { path: '/refresh', refreshTokens } };
  };
}

/**
 * A peer that refreshes tokens.
 * @param name its folder in `peers`.
 * @param measurements how many it is to have sessions for.
 */
export function createRefreshPeer(
  name: string,
  { newFolder }: Conditions,
  measurements: number,
  {
    nodeOptions = [],
    env = {},
  }: { readonly nodeOptions?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): { readonly program: ServerProgram; readonly tokens: string } {
  const folder = newFolder(name);
  const tokens = join(folder, 'refresh-tokens');
  return {
    tokens,
    program: (port) => ({
      command: process.execPath,
      args: [...nodeOptions, join(peersFolder, name, 'server.js')],
      env: {
        ...env,
        PORT: String(port),
        DATA_FOLDER: folder,
        TOKENS: tokens,
        SESSIONS: String(sessionsEach * measurements),
      },
    }),
  };
}

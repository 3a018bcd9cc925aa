// Edits of a project's files, and what comes of them.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Conditions } from '../harness/conditions.ts';
import { PinnedProcess } from '../harness/processes.ts';
import { number, type Aim, type Report } from '../harness/report.ts';
import { Server } from '../harness/server.ts';
import { computeMedian } from '../harness/statistics.ts';

const password = 'a long enough password';

/** What is edited, below its folder. */
export interface EditedProject {
  readonly folder: string;
  /** The script of `latchkey dev`. */
  readonly launcher: string;
  /** What Node runs to build it. */
  readonly build: readonly string[];
  readonly controllerFile: string;
  readonly modelFile: string;
  /** An operation that responds with what `withMessage` says. */
  readonly path: string;
  /** Before the first edit. */
  readonly prepare?: (url: string, token: string) => Promise<void>;
  readonly withMessage: (controller: string, message: string) => string;
  readonly withProperty: (model: string, property: string) => string;
  /** With a statement that TypeScript refuses. */
  readonly withStatement: (controller: string, statement: string) => string;
}

/** Seconds that each kind of edit took, from the write to what came of it. */
type Kind = 'body' | 'signature' | 'error';

const titles: Readonly<Record<Kind, string>> = {
  body: 'a changed body, to the first response of the new one',
  signature: 'a changed model of a response, to the first response with it and the contract that has it',
  error: 'an error of types, to the message about it',
};

export async function measureEdits(project: EditedProject, conditions: Conditions): Promise<Report> {
  const builds = await timeBuilds(project, conditions);
  const edits = await timeEdits(project, conditions);
  return {
    tables: [
      {
        columns: ['edit', 'median, s', 'worst, s'],
        rows: Object.entries(edits).map(([kind, times]) => [
          titles[kind as Kind],
          number(computeMedian(times)),
          number(Math.max(...times)),
        ]),
      },
      {
        columns: ['npm run build', 'median, s', 'worst, s'],
        rows: Object.entries(builds).map(([what, times]) => [
          what,
          number(computeMedian(times)),
          number(Math.max(...times)),
        ]),
      },
    ],
    aims: [
      ...Object.entries(edits).map(([kind, times]) => below(`${titles[kind as Kind]}, worst`, 2, times)),
      ...Object.entries(builds).map(([what, times]) => below(`npm run build, ${what}, worst`, 6, times)),
    ],
    notes: [`${edits.body.length} edits of each kind, in turn.`],
  };
}

function below(what: string, seconds: number, times: readonly number[]): Aim {
  const worst = Math.max(...times);
  return { what, aim: `under ${seconds} s`, measured: `${number(worst)} s`, isMet: worst < seconds };
}

async function timeBuilds(
  { folder, build: words, controllerFile, withMessage }: EditedProject,
  { cores, fewRounds }: Conditions,
): Promise<Readonly<Record<string, number[]>>> {
  const [clean, edited]: [number[], number[]] = [[], []];
  const build = async (): Promise<number> => {
    const begun = performance.now();
    const program = { command: process.execPath, args: words, cwd: folder };
    await new PinnedProcess(program, cores.all).finished();
    return (performance.now() - begun) / 1000;
  };
  const controller = readFileSync(join(folder, controllerFile), 'utf8');
  for (let round = 0; round < fewRounds(5); round += 1) {
    rmSync(join(folder, 'dist'), { recursive: true, force: true });
    clean.push(await build());
    writeFileSync(join(folder, controllerFile), withMessage(controller, `Round ${round}.`));
    edited.push(await build());
    writeFileSync(join(folder, controllerFile), controller);
  }
  await build();
  return { 'of a fresh clone': clean, 'after an edit': edited };
}

async function timeEdits(
  project: EditedProject,
  conditions: Conditions,
): Promise<Readonly<Record<Kind, number[]>>> {
  const { folder, launcher, controllerFile, modelFile, path } = project;
  const times: Record<Kind, number[]> = { body: [], signature: [], error: [] };
  const server = await Server.start(
    (port) => ({
      command: process.execPath,
      args: [launcher, 'dev'],
      cwd: folder,
      env: {
        PORT: String(port),
        DATABASE_URL: `sqlite:${join(conditions.newFolder('edit-loop'), 'latchkey.db')}`,
        LATCHKEY_ADMIN_PASSWORD: password,
        JWT_ACCESS_TOKEN_EXPIRES: '1h',
      },
    }),
    conditions.cores.all,
    '/health/ready',
    200,
  );
  const { url } = server;
  const token = await logIn(url);
  await project.prepare?.(url, token);
  const controller = readFileSync(join(folder, controllerFile), 'utf8');
  const model = readFileSync(join(folder, modelFile), 'utf8');
  const time = async (
    kind: Kind,
    file: string,
    text: string,
    isDone: () => Promise<boolean>,
  ): Promise<void> => {
    // A person reads what came of the last edit first.
    await wait(500);
    const begun = performance.now();
    writeFileSync(join(folder, file), text);
    while (!(await isDone())) await wait(2);
    times[kind].push((performance.now() - begun) / 1000);
  };
  try {
    for (let edit = 0; edit < (conditions.quick ? 2 : 20); edit += 1) {
      const message = `Edit ${edit}.`;
      await time('body', controllerFile, project.withMessage(controller, message), async () =>
        (await read(url, path, token)).includes(message),
      );
      const property = `edited_${edit}`;
      await time('signature', modelFile, project.withProperty(model, property), async () => {
        const isInContract = (await read(url, '/openapi.json', token)).includes(property);
        return isInContract && (await read(url, path, token)).includes(message);
      });
      const missing = `missing${edit}`;
      const wrong = project.withStatement(project.withMessage(controller, message), `${missing}();`);
      await time('error', controllerFile, wrong, async () => {
        await wait(0);
        return server.process.output.includes(`'${missing}'`);
      });
    }
  } finally {
    await server.stop();
  }
  return times;
}

async function logIn(url: string): Promise<string> {
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error('The administrator cannot log in.');
  return token;
}

/** @returns nothing where nobody responds, as while the service restarts. */
async function read(url: string, path: string, token: string): Promise<string> {
  const headers = { Authorization: `Bearer ${token}`, Connection: 'close' };
  return fetch(url + path, { headers }).then(
    (response) => response.text(),
    () => '',
  );
}

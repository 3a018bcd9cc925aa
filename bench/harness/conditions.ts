import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findCores, type Cores } from './cores.ts';
import { checkout } from './folders.ts';
import { findGenerator, type Generator } from './load.ts';
import { runAtEnd } from './processes.ts';

/** Under which a run measures. */
export interface Conditions {
  readonly cores: Cores;
  readonly generator: Generator;
  readonly rounds: number;
  /** The same for a scenario whose rounds take long: at most so many, unless others were asked for. */
  readonly fewRounds: (max: number) => number;
  /** Of one measurement. */
  readonly seconds: number;
  /** How many access tokens are sent in turn: as many as the service remembers. */
  readonly tokens: number;
  /** Whether the run only shows that everything works: its figures are worth nothing. */
  readonly quick: boolean;
  /** A new folder for this run, on the checkout's disk. */
  readonly newFolder: (name: string) => string;
}

interface Length {
  readonly rounds?: number | undefined;
  readonly seconds?: number | undefined;
  readonly quick: boolean;
}

export function findConditions({ quick, rounds, seconds }: Length): Conditions {
  const workspace = join(checkout, 'dist/bench', String(process.pid));
  runAtEnd(() => {
    rmSync(workspace, { recursive: true, force: true });
  });
  let folders = 0;
  const usual = rounds ?? (quick ? 1 : 5);
  return {
    cores: findCores(),
    generator: findGenerator(),
    rounds: usual,
    fewRounds: (max) => rounds ?? Math.min(usual, max),
    seconds: seconds ?? (quick ? 1 : 2),
    tokens: quick ? 500 : 10_000,
    quick,
    newFolder: (name) => {
      folders += 1;
      const folder = join(workspace, `${folders}-${name}`);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
  };
}

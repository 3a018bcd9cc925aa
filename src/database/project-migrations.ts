// A project's migrations: which may run, and what is said where one may not, or fails.
import { StartError } from '../start-error.js';
import type { ProjectMigrations } from './migrations/context.js';
import { TransactionEnded } from './supervised-migration.js';

const parseNumber = (name: string): number => Number.parseInt(name);

/**
 * @param names of all, in order
 * @param ran those that have run here
 * @throws {StartError} where one has no number, or comes too late, or has the number of another one.
 */
export function assertInOrder(names: readonly string[], ran: readonly string[]): void {
  const wrong = names.find((name) => !/^\d[A-Za-z0-9_-]*$/.test(name));
  if (wrong !== undefined) {
    throw new StartError(
      `"${wrong}" is no name for a migration of the project: begin with a number, as in "0001-reports". They run in the order of their names.`,
    );
  }
  const last = ran.at(-1) ?? '';
  const late = names.find((name) => name < last && !ran.includes(name));
  if (late !== undefined) {
    throw new StartError(
      `The project's migration "${late}" would run after "${last}", which has run already: they run in the order of their names. Give it a name that comes later.`,
    );
  }
  // Of two that have run already, neither can have another name.
  const second = names.find(
    (name, index) =>
      !ran.includes(name) && names.slice(0, index).some((other) => parseNumber(other) === parseNumber(name)),
  );
  if (second === undefined) return;
  const first = names.find((name) => parseNumber(name) === parseNumber(second)) ?? '';
  throw new StartError(
    `The project's migrations "${first}" and "${second}" have one number, so that which of them runs first is a matter of their other letters. Give one that has run nowhere yet the next free number.`,
  );
}

/** @param edited names of migrations that were edited after they had run. @throws {StartError} where there are any. */
export function assertUnedited(edited: readonly string[], project: ProjectMigrations): void {
  const [name] = edited;
  if (name === undefined) return;
  const all = Object.keys(project).map(parseNumber);
  const next = String(Math.max(...all) + 1).padStart(4, '0');
  throw new StartError(
    `The project's migration "${name}" was edited after it had run on this database, where it does not run again. Put it back as it was, and write the change as a migration of its own, "${next}-…". Or, where the database that DATABASE_URL names is yours alone, delete it: the next start makes a new one. An edit that changes no table is accepted by "npx latchkey migrate --accept-edited" (docs/own-tables.md).`,
  );
}

/** What is said of a migration that has failed. */
export function createFailure(name: string, error: unknown): StartError {
  if (error instanceof TransactionEnded) {
    return new StartError(
      `The project's migration "${name}" has ended the transaction in which Latchkey runs it${formatCause(error)}. What it and those before it had done until then may have stayed: restore a backup, or look at the tables, and leave "commit" and "rollback" out of it.`,
      { cause: error },
    );
  }
  return new StartError(
    `The project's migration "${name}" failed (${formatMessage(error)}). Nothing that it or another one was to change has changed: correct it, and start again.`,
    { cause: error },
  );
}

function formatCause({ cause }: Error): string {
  return cause instanceof Error ? ` (${cause.message})` : '';
}

function formatMessage(error: unknown): string {
  return error instanceof Error ? error.message : JSON.stringify(error);
}

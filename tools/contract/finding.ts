import type { Operation } from './controllers.ts';

export interface Finding {
  /** File and line. */
  readonly at: string;
  /** What is wrong, and what to do about it. */
  readonly what: string;
}

/** `GET /reports/{id}`, as the contract has it; the method's name where the path is not known. */
export function nameOf({ verb, path, name }: Pick<Operation, 'verb' | 'path' | 'name'>): string {
  return path === undefined ? name : `${verb.toUpperCase()} ${path}`;
}

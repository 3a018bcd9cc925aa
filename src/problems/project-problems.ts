import { StartError } from '../start-error.js';
import { problemCodes, type ProblemKind, type ProblemKinds } from './problem-codes.js';
import { Problem, type ProblemOptions } from './problem.js';

/** The problems with codes of a project's own. */
export class ProjectProblems<Code extends string = string> {
  constructor(readonly kinds: Readonly<Record<Code, ProblemKind>>) {}

  /** @example throw problems.create('report_locked', { detail: 'The report is locked by ada.' }) */
  create(code: Code, options: ProblemOptions = {}): Problem {
    return new Problem(code, options, this.kinds[code]);
  }
}

/**
 * Defines problems with codes of a project's own, which are in the contract and have pages as Latchkey's have.
 * @throws {StartError} for a code that Latchkey has, or that is not written as codes are, and for a status that is no error's.
 */
export function defineProblems<const Kinds extends ProblemKinds>(
  kinds: Kinds,
): ProjectProblems<keyof Kinds & string> {
  const errors = Object.entries(kinds).flatMap(([code, { status, title, detail }]) => [
    ...(Object.hasOwn(problemCodes, code)
      ? [`The code "${code}" is one of Latchkey's already. Choose another one.`]
      : []),
    ...(/^[a-z]+(?:_[a-z]+)*$/.test(code) && code.length <= 64
      ? []
      : [
          `The code "${code}" is not written as codes are: small letters and _, 64 at most, as "report_locked".`,
        ]),
    ...(Number.isInteger(status) && status >= 400 && status <= 599
      ? []
      : [`The status of "${code}" is ${status}. Choose one from 400 to 599.`]),
    ...(title.length <= 200 && !/[\u0000-\u001f\u007f]/.test(title) && detail.length <= 2000
      ? []
      : [`The title of "${code}" may have 200 characters, in one line, and its detail 2000.`]),
  ]);
  if (errors.length > 0) throw new StartError(`defineProblems: ${errors.join(' ')}`);
  return new ProjectProblems(kinds);
}

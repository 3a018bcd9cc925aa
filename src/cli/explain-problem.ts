import type { Problem } from '../problems/problem.js';
import { StartError } from '../start-error.js';

/** A problem of a service in sentences for the operator: what a response to a request would say field by field. */
export function explainProblem(problem: Problem): StartError {
  const reasons = Object.entries(problem.errors ?? {}).map(([field, reason]) => toSentence(field, reason));
  return new StartError(reasons.length > 0 ? reasons.join('\n') : problem.message, { cause: problem });
}

function toSentence(field: string, reason: string): string {
  // Some reasons are whole sentences; the others go on from the field's name.
  if (reason.startsWith('there ')) return `T${reason.slice(1)}.`;
  const place = field
    .replaceAll('_', ' ')
    .replaceAll(/\.(\d+)(?=\.|$)/g, (_, index) => ` no. ${Number(index) + 1}`);
  return `The ${place} ${reason}.`;
}

import { getFileLimits, hasFileLimits } from '../http/file-limits.js';
import type { DescribedLimits } from './complete-uploads.js';

/** The part of a generated route that matters here. */
export interface RoutedOperation {
  readonly method: string;
  /** In Express's form: `/reports/:id`. */
  readonly path: string;
  readonly controller: { readonly prototype: object };
  readonly handler: string;
  readonly parameters: Readonly<Record<string, { readonly in: string }>>;
}

/** Finds what the files of operations may be, by operation: `POST /reports/{id}/files`. */
export function findFileLimits(operations: readonly RoutedOperation[]): Record<string, DescribedLimits> {
  const limits = operations.flatMap(({ method, path, controller, handler, parameters }) => {
    const called = (controller.prototype as Record<string, object | undefined>)[handler];
    const takesForm = Object.values(parameters).some((parameter) => parameter.in === 'formData');
    if (!called || !takesForm) return [];
    const name = `${method.toUpperCase()} ${path.replaceAll(/:([^/]+)/g, '{$1}')}`;
    return [[name, { ...getFileLimits(called), isDeclared: hasFileLimits(called) }] as const];
  });
  return Object.fromEntries(limits);
}

// The checks of the sources of a contract, for whoever builds it: what there is, what is wrong, and where.
import { controllerErrors } from './controller-errors.ts';
import type { Sources } from './controllers.ts';
import { nameOf } from './finding.ts';
import type { TsoaDocument } from './tsoa-document.ts';

export { mayDescribe, readSources, type Sources } from './controllers.ts';

export interface CheckOptions {
  /** What tsoa makes of the controllers; undefined where it failed. */
  readonly document: TsoaDocument | undefined;
  /** The tags that tsoa.json describes. */
  readonly describedTags: readonly string[];
}

/** What is wrong with the controllers and their models, by file and line. */
export function checkControllers(sources: Sources, { document, describedTags }: CheckOptions): string[] {
  return controllerErrors(sources, document, describedTags);
}

/** What the contract is completed with (`completeContract`), by operation: `GET /reports/{id}`. */
export interface SourcesOfContract {
  /** File and line. */
  readonly places: Readonly<Record<string, string>>;
  /** The comments above the controllers, by tag. */
  readonly tags: Readonly<Record<string, string>>;
}

export function describeSources({ controllers }: Sources): SourcesOfContract {
  const operations = controllers.flatMap((controller) => controller.operations);
  return {
    places: Object.fromEntries(operations.map((operation) => [nameOf(operation), operation.at])),
    tags: Object.fromEntries(
      controllers.flatMap(({ tags, comment }) =>
        comment === undefined ? [] : tags.map((tag) => [tag, comment]),
      ),
    ),
  };
}

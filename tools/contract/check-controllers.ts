// Checks the sources of a contract, and describes what is wrong and where.
import { findControllerErrors } from './controller-errors.ts';
import type { Sources } from './controllers.ts';
import { nameOf, toFindings, type Finding } from './finding.ts';
import type { TsoaDocument } from './tsoa-document.ts';

export { readSources, type Sources } from './controllers.ts';
export { formatFinding, type Finding } from './finding.ts';

export interface CheckOptions {
  /** What tsoa makes of the controllers; undefined where it failed. */
  readonly document: TsoaDocument | undefined;
  /** The tags that tsoa.json describes. */
  readonly describedTags: readonly string[];
  /** Whether a file is the builder's, and none of the service that it builds on. */
  readonly isBuilders?: (file: string) => boolean;
  /** Makes errors of warnings, and of what the build writes in the author's place. */
  readonly isStrict?: boolean;
}

/** What is wrong with the controllers and their models, by file and line. */
export function checkControllers(
  sources: Sources,
  { document, describedTags, isBuilders = () => true, isStrict = false }: CheckOptions,
): Finding[] {
  return toFindings(findControllerErrors(sources, document, describedTags, isBuilders), isStrict);
}

/** What the contract is completed with (`completeContract`), by operation: `GET /reports/{id}`. */
export interface SourcesOfContract {
  /** File and line. */
  readonly places: Readonly<Record<string, string>>;
  /** File and line, by model. */
  readonly models: Readonly<Record<string, string>>;
  /** The comments above the controllers, by tag. */
  readonly tags: Readonly<Record<string, string>>;
  /** The tags that controllers have from their names. */
  readonly controllerTags: Readonly<Record<string, string>>;
  /** The codes of the problems that methods throw themselves. */
  readonly thrown: Readonly<Record<string, readonly string[]>>;
}

export function describeSources({ controllers, models }: Sources): SourcesOfContract {
  const operations = controllers.flatMap((controller) =>
    controller.operations.map((operation) => ({ ...operation, controller, key: nameOf(operation) })),
  );
  return {
    places: Object.fromEntries(operations.map(({ key, at }) => [key, at])),
    models: Object.fromEntries(models.map(({ name, at }) => [name, at])),
    tags: Object.fromEntries(
      controllers.flatMap(({ tags, derivedTag, comment }) =>
        comment === undefined ? [] : (tags.length > 0 ? tags : [derivedTag]).map((tag) => [tag, comment]),
      ),
    ),
    controllerTags: Object.fromEntries(operations.map(({ key, controller }) => [key, controller.derivedTag])),
    thrown: Object.fromEntries(
      operations.filter(({ thrown }) => thrown.length > 0).map(({ key, thrown }) => [key, thrown]),
    ),
  };
}

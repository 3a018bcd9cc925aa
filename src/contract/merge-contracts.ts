import type { Document } from './openapi.js';
import { describeTags, type Sources } from './sources.js';

/** What tsoa and the check of the controllers have made of controllers, before it is completed. */
export interface RawContract {
  readonly document: Document;
  readonly sources: Sources;
}

/**
 * The operations of a project beside Latchkey's, in one document: title, version and description are the project's, what
 * concerns tokens is Latchkey's.
 * @throws with one line per clash, which names both places.
 */
export function mergeContracts(latchkey: RawContract, project: RawContract): RawContract {
  const errors = [
    ...findOperationClashes(latchkey, project),
    ...findModelClashes(latchkey, project),
    ...findTagClashes(latchkey, project),
  ];
  if (errors.length > 0) throw new Error(errors.join('\n'));
  const [ours, own] = [latchkey, project].map(({ document, sources }) => {
    const described = structuredClone(document);
    describeTags(described, sources);
    return described;
  }) as [Document, Document];
  const [login, ...rest] = ours.tags ?? [];
  return {
    document: {
      ...ours,
      info: own.info,
      // A project's own operations come after those that everybody begins with.
      tags: [...(login ? [login] : []), ...(own.tags ?? []), ...rest],
      paths: mergeGroups(ours.paths, own.paths),
      components: mergeGroups(ours.components, own.components) as Document['components'],
    },
    sources: mergeSources(latchkey.sources, project.sources),
  };
}

function mergeSources(ours: Sources, own: Sources): Sources {
  return {
    places: { ...ours.places, ...own.places },
    models: { ...ours.models, ...own.models },
    tags: { ...ours.tags, ...own.tags },
    controllerTags: { ...ours.controllerTags, ...own.controllerTags },
    thrown: { ...ours.thrown, ...own.thrown },
  };
}

function mergeGroups<Member>(
  ours: Readonly<Record<string, Record<string, Member>>>,
  own: Readonly<Record<string, Record<string, Member>>>,
): Record<string, Record<string, Member>> {
  const merged: Record<string, Record<string, Member>> = { ...ours };
  for (const [name, members] of Object.entries(own)) merged[name] = { ...merged[name], ...members };
  return merged;
}

interface NamedOperation {
  readonly name: string;
  readonly operationId: string;
}

function listOperations({ paths }: Document): NamedOperation[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { operationId }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operationId,
    })),
  );
}

function findOperationClashes(latchkey: RawContract, project: RawContract): string[] {
  const ours = listOperations(latchkey.document);
  return listOperations(project.document).flatMap(({ name, operationId }) => {
    const at = project.sources.places[name] ?? 'the project';
    const same = ours.find((each) => normalizeRoute(each.name) === normalizeRoute(name));
    const alike = ours.find((each) => each.operationId === operationId);
    const place = (other: NamedOperation): string => describePlace(latchkey, 'places', other.name);
    return [
      ...(same
        ? [`${at}: ${name} is an operation of Latchkey already${place(same)}. Change its path or its method.`]
        : []),
      ...(alike
        ? [
            `${at}: the operationId ${operationId} is that of Latchkey's ${alike.name}${place(alike)}. Rename the method: clients are made with that name.`,
          ]
        : []),
    ];
  });
}

/** What a router takes for the same: the names of parameters do not count. */
function normalizeRoute(name: string): string {
  return name.replaceAll(/\{[^{}]+\}/g, '{}');
}

/** Models that both have, such as `ProblemDetails`, are the same in both, unless the project's is another. */
function findModelClashes(latchkey: RawContract, project: RawContract): string[] {
  const { schemas } = latchkey.document.components;
  return Object.entries(project.document.components.schemas).flatMap(([name, schema]) => {
    const other = schemas[name];
    if (other === undefined || JSON.stringify(other) === JSON.stringify(schema)) return [];
    const at = project.sources.models[name] ?? 'the project';
    return [
      `${at}: the model ${name} is one of Latchkey's already${describePlace(latchkey, 'models', name)}. Rename it: the contract has one name for one model.`,
    ];
  });
}

function findTagClashes(latchkey: RawContract, project: RawContract): string[] {
  const taken = new Set([
    ...(latchkey.document.tags ?? []).map(({ name }) => name),
    ...Object.keys(latchkey.sources.tags),
  ]);
  const described = [
    ...(project.document.tags ?? []).map(({ name }) => name),
    ...Object.keys(project.sources.tags),
  ];
  return [...new Set(described)]
    .filter((name) => taken.has(name))
    .map((name) => `the project: the tag "${name}" is one of Latchkey's already. Give it another name.`);
}

function describePlace({ sources }: RawContract, kind: 'places' | 'models', name: string): string {
  const place = sources[kind][name];
  return place === undefined ? '' : `, at ${place}`;
}

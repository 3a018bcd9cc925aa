// Finds what tsoa ignores without an error, and what the contract lacks: each with file, line and what to write.
import { findModelTagErrors, findOperationTagErrors } from './comment-tags.ts';
import type { Controller, Model, Operation, Sources } from './controllers.ts';
import { nameOf, type Draft } from './finding.ts';
import { findLimitWarnings } from './limit-warnings.ts';
import { describeCollection, findParameterErrors } from './parameter-errors.ts';
import { findResponseErrors } from './response-errors.ts';
import { findSchemaErrors } from './schema-errors.ts';
import { findScopeErrors } from './scope-errors.ts';
import type { TsoaDocument } from './tsoa-document.ts';

/**
 * @param document undefined where tsoa failed
 * @param describedTags the tags that tsoa.json describes
 * @param isBuilders whether a file is the builder's, and none of the service that it builds on
 */
export function findControllerErrors(
  { controllers, models }: Sources,
  document: TsoaDocument | undefined,
  describedTags: readonly string[],
  isBuilders: (file: string) => boolean,
): Draft[] {
  const operations = controllers.flatMap((controller) => controller.operations);
  // Of two that are alike, the builder's has to change.
  const buildersLast = <Thing extends { readonly at: string }>(things: readonly Thing[]): Thing[] =>
    [false, true].flatMap((is) => things.filter(({ at }) => isBuilders(at.replace(/:\d+$/, '')) === is));
  const inModelFiles = models.filter(
    ({ file, isExported }) => isExported && /\.(controller|models)\.ts$/.test(file),
  );
  return [
    ...controllers.flatMap(findClassErrors),
    ...controllers.flatMap((controller) => findTagErrors(controller, describedTags)),
    ...operations.flatMap(findOperationErrors),
    ...operations.flatMap(findParameterErrors),
    ...operations.flatMap(findSecurityErrors),
    ...findScopeErrors(operations, document),
    ...operations.flatMap((operation) =>
      findOperationTagErrors(
        nameOf(operation),
        operation.commentTags,
        operation.takes.map(({ name }) => name),
      ),
    ),
    ...inModelFiles.flatMap(findCollectionErrors),
    ...(document
      ? models.filter(({ name }) => Object.hasOwn(document.components.schemas, name))
      : inModelFiles
    ).flatMap(findModelErrors),
    ...findDuplicates(buildersLast(operations), ({ operationId }) => operationId, {
      what: ({ operationId }) => `The operationId ${operationId}`,
      todo: 'Rename one of the methods: clients are made with that name.',
    }),
    ...findDuplicates(buildersLast(operations), normalizeRoute, {
      what: nameOf,
      todo: 'Only one of them can be reached: change the path or the method of the other.',
    }),
    ...findDuplicates(buildersLast(inModelFiles), ({ name }) => name, {
      what: ({ name }) => `The model ${name}`,
      todo: 'Rename one of them: the contract has one name for one model.',
    }),
    ...(document ? findSchemaErrors(operations, models, document) : []),
    ...(document ? findLimitWarnings(operations, models, document) : []),
    ...(document ? findResponseErrors(operations, document) : []),
  ];
}

/** tsoa fails on them without saying where. */
function findCollectionErrors({ name, properties, propertyTypes }: Model): Draft[] {
  return [...propertyTypes].flatMap(([property, type]) =>
    describeCollection(properties.get(property) ?? '', `${name}.${property}`, type),
  );
}

function findModelErrors({ name, commentTags, propertyTags }: Model): Draft[] {
  return [
    ...findModelTagErrors(name, commentTags),
    ...[...propertyTags].flatMap(([property, tags]) => findModelTagErrors(`${name}.${property}`, tags)),
  ];
}

function findClassErrors(controller: Controller): Draft[] {
  const { at, file, name, isRouted, operations } = controller;
  const findings: Draft[] = controller.strays.map(({ at: where, name: member, decorator }) => ({
    at: where,
    level: 'error' as const,
    what: `${member} has a @${decorator} and is no operation. An operation is a method with @Get, @Post, @Put, @Patch or @Delete.`,
  }));
  const add = (what: string, level: Draft['level'] = 'error'): void =>
    void findings.push({ at, what, level });
  if (!file.endsWith('.controller.ts')) {
    add(`${name} is not read, because of its file's name. Rename the file to <something>.controller.ts.`);
  }
  if (!isRouted) add(`${name} is not read. Write @Route('<path>') above the class.`);
  else if (controller.route === undefined)
    add(`The @Route of ${name} is not written out. Put the path there as a string.`);
  if (!controller.isExported) add(`${name} is not exported. Write "export class".`);
  if (isRouted && operations.length === 0) {
    add(
      `${name} has no operations. Write @Get(), @Post(), @Put(), @Patch() or @Delete() above a method.`,
      'warning',
    );
  }
  return findings;
}

function findTagErrors({ operations, comment }: Controller, describedTags: readonly string[]): Draft[] {
  return operations.flatMap((operation) => {
    const { at } = operation;
    const [tag, ...others] = operation.tags;
    const draft = (level: Draft['level'], what: string): Draft[] => [
      { at, level, what: `${nameOf(operation)} ${what}` },
    ];
    if (tag === undefined) return draft('strict', "has no tag. Write @Tags('<Name>') above the class.");
    if (others.length > 0)
      return draft('warning', 'has more than one tag. Keep one: it is where clients look for it.');
    if (describedTags.includes(tag) || comment !== undefined) return [];
    return draft('strict', `has the tag "${tag}", which is not described. Write a comment above the class.`);
  });
}

function findOperationErrors(operation: Operation): Draft[] {
  const { at, isPathWritten, summary, description, parameters, isHidden, isInaccessible } = operation;
  const name = nameOf(operation);
  const errors: Draft[] = [];
  const add = (level: Draft['level'], what: string): void => void errors.push({ at, level, what });
  if (!isPathWritten) add('error', `The path of ${name} is not written out. Put it there as a string.`);
  if (description === undefined)
    add('strict', `${name} has no description. Write a comment above the method.`);
  if (summary === undefined || summary === '')
    add('strict', `${name} has no summary. Write "@summary <a few words>" in the method's comment.`);
  for (const { name: parameter, isDescribed } of parameters) {
    if (isDescribed) continue;
    add(
      'strict',
      `${name} does not describe "${parameter}". Write "@param ${parameter} <what it is>" in the method's comment.`,
    );
  }
  if (isInaccessible) add('error', `${name} is not read: its method is private. Remove "private".`);
  if (isHidden) {
    add('error', `${name} is @Hidden: it would respond, and the contract would not have it. Remove @Hidden.`);
  }
  return errors;
}

/** Nobody gets a public operation without having written `@NoSecurity()`. */
function findSecurityErrors(operation: Operation): Draft[] {
  const { at, demands, isPublic } = operation;
  const name = nameOf(operation);
  const closed = demands.filter(({ schemes }) => Object.keys(schemes).length > 0);
  const [first, second] = closed;
  const [open] = demands;
  if (!isPublic && !open) {
    const what = `${name} does not say who may call it. Write @Security('bearer', ['<permission>']), or @NoSecurity() where anyone may.`;
    return [{ at, level: 'error', what }];
  }
  if (!isPublic && open && !first) {
    const what = `${name} has @Security({}) alone, which lets anyone in. Write @NoSecurity(), or @Security('bearer') beside it.`;
    return [{ at: open.at, level: 'error', what }];
  }
  if (second) {
    const what = `${name} has two @Security, and the weaker one would do. Name all permissions in one.`;
    return [{ at: second.at, level: 'error', what }];
  }
  return [];
}

/** Each but the first of those that are alike. */
function findDuplicates<Thing extends { readonly at: string }>(
  things: readonly Thing[],
  keyOf: (thing: Thing) => string | undefined,
  { what, todo }: { readonly what: (thing: Thing) => string; readonly todo: string },
): Draft[] {
  const first = new Map<string, Thing>();
  return things.flatMap((thing) => {
    const key = keyOf(thing);
    if (key === undefined) return [];
    const other = first.get(key);
    if (!other) first.set(key, thing);
    return other
      ? [{ at: thing.at, level: 'error', what: `${what(thing)} is at ${other.at} already. ${todo}` }]
      : [];
  });
}

/** What a router takes for the same: the names of parameters do not count. */
function normalizeRoute({ verb, path }: Operation): string | undefined {
  return path === undefined ? undefined : `${verb} ${path.replaceAll(/\{[^{}]+\}/g, '{}')}`;
}

#!/usr/bin/env node
// Finds what tsoa passes over in silence, and says where it is: all of it in one go, each with file and line.
// The build runs it in the checkout, after tsoa: `contract-faults.js <tsoa's document> <what to write for the contract>`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { readSources } from './controllers.js';
import { scopeFaults } from './scope-faults.js';

/** @typedef {{ at: string, what: string }} Fault what is wrong, and what to do about it */

/**
 * @param {ReturnType<typeof readSources>} sources
 * @param {object | undefined} document what tsoa made of them; undefined where it failed
 * @param {readonly string[]} describedTags the tags that tsoa.json describes
 * @returns {string[]} by file and line: `src/reports/reports.controller.ts:12: What is wrong. What to do.`
 */
export function contractFaults({ controllers, models }, document, describedTags) {
  const operations = controllers.flatMap((controller) => controller.operations);
  const faults = [
    ...controllers.flatMap(controllerFaults),
    ...controllers.flatMap((controller) => tagFaults(controller, describedTags)),
    ...operations.flatMap(operationFaults),
    ...operations.flatMap(securityFaults),
    ...scopeFaults(operations, document),
    ...duplicates(operations, ({ operationId }) => operationId, {
      what: ({ operationId }) => `The operationId ${operationId}`,
      todo: 'Rename one of the methods: clients are made with that name.',
    }),
    ...duplicates(operations, routeOf, {
      what: ({ verb, path }) => `${verb.toUpperCase()} ${path}`,
      todo: 'Only one of them can be reached: change the path or the method of the other.',
    }),
    ...duplicates(models, ({ name }) => name, {
      what: ({ name }) => `The model ${name}`,
      todo: 'Rename one of them: the contract has one name for one model.',
    }),
    ...(document ? schemaFaults(operations, models, document) : []),
  ];
  const lines = new Set(faults.map(({ at, what }) => `${at}: ${what}`));
  return [...lines].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * What the next step of the build wants to know of the sources: where each operation is, by its name in the contract
 * (`GET /reports/{id}`), and what the controllers' comments say of their tags.
 */
function forTheContract({ controllers }) {
  const operations = controllers.flatMap((controller) => controller.operations);
  return {
    places: Object.fromEntries(operations.map((operation) => [nameOf(operation), operation.at])),
    tags: Object.fromEntries(
      controllers.flatMap(({ tags, comment }) => (comment ? tags.map((tag) => [tag, comment]) : [])),
    ),
  };
}

function controllerFaults({ at, file, name, isRouted, route, isExported, operations, strays }) {
  const faults = strays.map(({ at: where, name: member, decorator }) => ({
    at: where,
    what: `${member} has a @${decorator} and is no operation. An operation is a method with @Get, @Post, @Put, @Patch or @Delete.`,
  }));
  const add = (what) => faults.push({ at, what });
  if (!file.endsWith('.controller.ts')) {
    add(`${name} is not read, because of its file's name. Rename the file to <something>.controller.ts.`);
  }
  if (!isRouted) add(`${name} is not read. Write @Route('<path>') above the class.`);
  else if (route === undefined)
    add(`The @Route of ${name} is not written out. Put the path there as a string.`);
  if (!isExported) add(`${name} is not exported. Write "export class".`);
  if (isRouted && operations.length === 0) {
    add(`${name} has no operations. Write @Get(), @Post(), @Put(), @Patch() or @Delete() above a method.`);
  }
  return faults;
}

function tagFaults({ operations, comment }, describedTags) {
  return operations.flatMap(({ at, tags: [tag, ...others], ...operation }) => {
    const fault = (what) => [{ at, what: `${nameOf(operation)} ${what}` }];
    if (tag === undefined) return fault("has no tag. Write @Tags('<Name>') above the class.");
    if (others.length > 0) return fault('has more than one tag. Keep one: it is where clients look for it.');
    if (describedTags.includes(tag) || comment) return [];
    return fault(`has the tag "${tag}", which is not described. Write a comment above the class.`);
  });
}

function operationFaults(operation) {
  const { at, isPathWritten, summary, description, undescribed, isHidden } = operation;
  const name = nameOf(operation);
  const faults = [];
  if (!isPathWritten) faults.push(`The path of ${name} is not written out. Put it there as a string.`);
  if (!description) faults.push(`${name} has no description. Write a comment above the method.`);
  if (!summary)
    faults.push(`${name} has no summary. Write "@summary <a few words>" in the method's comment.`);
  for (const parameter of undescribed) {
    faults.push(
      `${name} does not describe "${parameter}". Write "@param ${parameter} <what it is>" in the method's comment.`,
    );
  }
  if (isHidden) {
    faults.push(`${name} is @Hidden: it would answer, and the contract would not have it. Remove @Hidden.`);
  }
  return faults.map((what) => ({ at, what }));
}

/** Nobody gets a public operation who has not said `@NoSecurity()`. */
function securityFaults(operation) {
  const { at, demands, isPublic } = operation;
  const name = nameOf(operation);
  const closed = demands.filter(({ schemes }) => Object.keys(schemes).length > 0);
  const [first, second] = closed;
  if (!isPublic && demands.length === 0) {
    const what = `${name} does not say who may call it. Write @Security('bearer', ['<permission>']), or @NoSecurity() where anyone may.`;
    return [{ at, what }];
  }
  if (!isPublic && !first) {
    const what = `${name} has @Security({}) alone, which lets anyone in. Write @NoSecurity(), or @Security('bearer') beside it.`;
    return [{ at: demands[0].at, what }];
  }
  if (second) {
    const what = `${name} has two @Security, and the weaker one would do. Name all permissions in one.`;
    return [{ at: second.at, what }];
  }
  return [];
}

/** Each but the first of those that are alike. */
function duplicates(things, keyOf, { what, todo }) {
  const first = new Map();
  return things.flatMap((thing) => {
    const key = keyOf(thing);
    if (key === undefined) return [];
    const other = first.get(key);
    if (!other) first.set(key, thing);
    return other ? [{ at: thing.at, what: `${what(thing)} is at ${other.at} already. ${todo}` }] : [];
  });
}

/** What is the same to whoever routes: the names of parameters are not. */
function routeOf({ verb, path }) {
  return path === undefined ? undefined : `${verb} ${path.replaceAll(/\{[^{}]+\}/g, '{}')}`;
}

function schemaFaults(operations, models, { paths, components: { schemas } }) {
  const places = new Map(models.map((model) => [model.name, model]));
  const faults = [];
  for (const operation of operations) {
    const { at, verb, path } = operation;
    const described = paths[path]?.[verb];
    if (described?.operationId !== operation.operationId) continue;
    for (const [body, media] of bodiesOf(described)) {
      const name = referenced(media.schema);
      if (!name || isMadeUp(name)) {
        const todo = 'Declare and export an interface for it, and name that.';
        faults.push({ at, what: `The ${body} of ${nameOf(operation)} has a type without a name. ${todo}` });
      } else if (!media.examples && !media.example && schemas[name]?.example === undefined) {
        const todo = 'Write "@example <JSON>" in its comment.';
        faults.push({ at: places.get(name)?.at ?? at, what: `The model ${name} has no example. ${todo}` });
      }
    }
  }
  for (const [name, schema] of Object.entries(schemas)) {
    for (const [property, used] of partsOf(schema)) {
      const reference = referenced(used);
      const isNamed = reference ? !isMadeUp(reference) : Object.keys(used.properties ?? {}).length === 0;
      if (isNamed) continue;
      const model = places.get(name);
      const at = model?.properties.get(property) ?? model?.at;
      const todo = 'Declare and export an interface for it, and name that.';
      if (at) faults.push({ at, what: `${name}.${property} has a type without a name. ${todo}` });
    }
  }
  return faults;
}

/** Request and answers; errors have one form, which the next step of the build gives them. */
function bodiesOf({ requestBody, responses }) {
  const answers = Object.entries(responses).filter(([status]) => Number(status) < 400);
  return [
    ['request', requestBody],
    ...answers.map(([status, answer]) => [`answer ${status}`, answer]),
  ].flatMap(([what, { content } = {}]) => Object.values(content ?? {}).map((media) => [what, media]));
}

/** The types that a model's properties have, those in lists and maps too. */
function* partsOf({ properties = {} }) {
  for (const [property, schema] of Object.entries(properties)) {
    const queue = [schema];
    for (const each of queue) {
      yield [property, each];
      queue.push(...[each.items, each.additionalProperties].filter((part) => typeof part === 'object'));
      queue.push(...(each.allOf ?? []), ...(each.anyOf ?? []), ...(each.oneOf ?? []));
    }
  }
}

function referenced(schema) {
  const wrapped = schema?.allOf?.length === 1 ? schema.allOf[0] : schema;
  return wrapped?.$ref?.split('/').at(-1);
}

/** tsoa makes names of what has none: `Page_User_` of `Page<User>`. */
function isMadeUp(name) {
  return !/^[A-Za-z][A-Za-z0-9]*$/.test(decodeURIComponent(name));
}

function nameOf({ verb, path, name }) {
  return path === undefined ? name : `${verb.toUpperCase()} ${path}`;
}

if (process.argv[1] && pathToFileURL(process.argv[1]).href === import.meta.url) {
  const [, , documentFile, sourcesFile] = process.argv;
  const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
  const sources = readSources('.');
  const document = existsSync(documentFile) ? json(documentFile) : undefined;
  const describedTags = json('tsoa.json').spec.tags.map(({ name }) => name);
  const faults = contractFaults(sources, document, describedTags);
  writeFileSync(sourcesFile, JSON.stringify(forTheContract(sources)));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}

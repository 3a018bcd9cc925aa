// What callers may send without a limit: a number that the database cannot hold, a page of a million rows, a text of 64 KiB.
import type { Model, Operation } from './controllers.ts';
import { nameOf, type Draft } from './finding.ts';
import { listBodies, referenced } from './schema-errors.ts';
import type { Schema, TsoaDocument } from './tsoa-document.ts';

type Schemas = TsoaDocument['components']['schemas'];

export function findLimitWarnings(
  operations: readonly Operation[],
  models: readonly Model[],
  { paths, components: { schemas } }: TsoaDocument,
): Draft[] {
  const requested = new Set<string>();
  const warnings = operations.flatMap((operation) => {
    const described = operation.path === undefined ? undefined : paths[operation.path]?.[operation.verb];
    if (!described) return [];
    for (const [body, { schema }] of listBodies(described)) {
      if (body === 'request') collectModels(schema, schemas, requested);
    }
    return (described.parameters ?? []).flatMap(({ name, schema }) => {
      const parameter = operation.parameters.find(({ sentAs }) => sentAs === name);
      return parameter && schema ? findParameterWarnings(operation, parameter, resolve(schema, schemas)) : [];
    });
  });
  return [...warnings, ...models.flatMap((model) => findModelWarnings(model, schemas, requested))];
}

function findParameterWarnings(
  operation: Operation,
  { at, name }: Operation['parameters'][number],
  schema: Schema,
): Draft[] {
  if (findMissingLimit(schema) !== 'number') return [];
  const tags = [
    ...(schema.type === 'integer' ? [] : [`@isInt ${name}`]),
    ...(schema.minimum === undefined ? [`@minimum ${name} 1`] : []),
    ...(schema.maximum === undefined ? [`@maximum ${name} 100`] : []),
  ];
  const what = `${nameOf(operation)} takes any number as "${name}". Write ${listed(tags.map((tag) => `"${tag}"`))} in the method's comment.`;
  return [{ at, level: 'warning', what }];
}

const tagsFor = {
  text: ['@maxLength 200'],
  list: ['@maxItems 100'],
  number: ['@minimum 1', '@maximum 1000'],
};

/** One for a model, however many of its properties it is about. */
function findModelWarnings(model: Model, schemas: Schemas, requested: ReadonlySet<string>): Draft[] {
  const { properties = {} } = (requested.has(model.name) ? schemas[model.name] : undefined) ?? {};
  const missing = Object.entries(properties).flatMap(([name, schema]) => {
    const kind = findMissingLimit(resolve(schema, schemas));
    return kind === undefined || !model.properties.has(name) ? [] : [{ name, kind }];
  });
  const [first] = missing;
  if (!first) return [];
  const tags = [...new Set(missing.flatMap(({ kind }) => tagsFor[kind].map((tag) => `"${tag}"`)))];
  const where = missing.length === 1 ? 'its comment' : 'their comments';
  const what = `${model.name} sets no limit to ${listed(missing.map(({ name }) => name))}. Write ${listed(tags)}, or what fits, in ${where}.`;
  return [{ at: model.properties.get(first.name) ?? model.at, level: 'warning', what }];
}

function findMissingLimit(schema: Schema): keyof typeof tagsFor | undefined {
  const { type, format, pattern, maxLength, maxItems, minimum, maximum } = schema;
  if (schema.enum) return undefined;
  if (type === 'string')
    return (maxLength ?? pattern) === undefined && !format?.startsWith('date') ? 'text' : undefined;
  if (type === 'array') return maxItems === undefined ? 'list' : undefined;
  const isNumber = type === 'integer' || type === 'number';
  return isNumber && (minimum === undefined || maximum === undefined) ? 'number' : undefined;
}

function resolve(schema: Schema, schemas: Schemas): Schema {
  const name = referenced(schema);
  return name === undefined ? schema : resolve(schemas[name] ?? {}, schemas);
}

function collectModels(schema: Schema | undefined, schemas: Schemas, found: Set<string>): void {
  if (!schema) return;
  const name = referenced(schema);
  if (name !== undefined && found.has(name)) return;
  if (name !== undefined) found.add(name);
  const {
    properties = {},
    items,
    additionalProperties,
    allOf,
    anyOf,
    oneOf,
  } = name === undefined ? schema : (schemas[name] ?? {});
  const parts = [
    ...Object.values(properties),
    items,
    additionalProperties,
    ...(allOf ?? []),
    ...(anyOf ?? []),
    ...(oneOf ?? []),
  ];
  for (const part of parts) if (typeof part === 'object') collectModels(part, schemas, found);
}

/** `a`, `a and b`, `a, b and c` */
function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

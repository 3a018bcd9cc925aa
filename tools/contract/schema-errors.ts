// Bodies and properties whose types have no name in the contract, and models without an example.
import type { Model, Operation } from './controllers.ts';
import { nameOf, type Draft } from './finding.ts';
import type { DescribedOperation, Media, Schema, TsoaDocument } from './tsoa-document.ts';

const declareIt = 'Declare and export an interface for it, and name that.';

export function findSchemaErrors(
  operations: readonly Operation[],
  models: readonly Model[],
  { paths, components: { schemas } }: TsoaDocument,
): Draft[] {
  const places = new Map(models.map((model) => [model.name, model]));
  return [
    ...operations.flatMap((operation) => findBodyErrors(operation, paths, schemas, places)),
    ...Object.entries(schemas).flatMap(([name, schema]) =>
      findPropertyErrors(name, schema, places.get(name)),
    ),
  ];
}

function findBodyErrors(
  operation: Operation,
  paths: TsoaDocument['paths'],
  schemas: Readonly<Record<string, Schema>>,
  places: ReadonlyMap<string, Model>,
): Draft[] {
  const { at, verb, path } = operation;
  const described = path === undefined ? undefined : paths[path]?.[verb];
  if (described?.operationId !== operation.operationId) return [];
  return listBodies(described).flatMap(([body, media]) => {
    const name = referenced(media.schema);
    if (name === undefined || isMadeUp(name)) {
      return [
        {
          at,
          level: 'strict',
          what: `The ${body} of ${nameOf(operation)} has a type without a name. ${declareIt}`,
        },
      ];
    }
    const hasExample = [media.examples, media.example, schemas[name]?.example].some(
      (example) => example !== undefined,
    );
    const what = `The model ${name} has no example. Write "@example <JSON>" in its comment.`;
    return hasExample ? [] : [{ at: places.get(name)?.at ?? at, level: 'strict', what }];
  });
}

function findPropertyErrors(name: string, schema: Schema, model: Model | undefined): Draft[] {
  return [...partsOf(schema)].flatMap(([property, used]) => {
    const reference = referenced(used);
    const isNamed =
      reference === undefined ? Object.keys(used.properties ?? {}).length === 0 : !isMadeUp(reference);
    const at = model?.properties.get(property) ?? model?.at;
    if (isNamed || at === undefined) return [];
    return [{ at, level: 'strict', what: `${name}.${property} has a type without a name. ${declareIt}` }];
  });
}

/**
 * Request and successful responses; errors have one form, which the next step of the build gives them. Not a form with files:
 * its parts are parameters of the method, which no type describes.
 */
export function listBodies({ requestBody, responses }: DescribedOperation): [string, Media][] {
  const successful = Object.entries(responses).filter(([status]) => Number(status) < 400);
  const bodies = [
    ['request', requestBody] as const,
    ...successful.map(([status, response]) => [`response ${status}`, response] as const),
  ];
  return bodies.flatMap(([what, body]) =>
    Object.entries(body?.content ?? {})
      .filter(([mediaType]) => mediaType !== 'multipart/form-data')
      .map(([, media]): [string, Media] => [what, media]),
  );
}

/** The types that a model's properties have, those in lists and maps too. */
function* partsOf({ properties = {} }: Schema): Generator<[string, Schema]> {
  for (const [property, schema] of Object.entries(properties)) {
    const queue = [schema];
    for (const each of queue) {
      yield [property, each];
      const inner = [each.items, each.additionalProperties];
      queue.push(...inner.filter((part): part is Schema => typeof part === 'object'));
      queue.push(...(each.allOf ?? []), ...(each.anyOf ?? []), ...(each.oneOf ?? []));
    }
  }
}

export function referenced(schema: Schema | undefined): string | undefined {
  const [only, ...others] = schema?.allOf ?? [];
  const wrapped = only && others.length === 0 ? only : schema;
  return wrapped?.$ref?.split('/').at(-1);
}

/** tsoa makes names of what has none: `Page_User_` of `Page<User>`. */
function isMadeUp(name: string): boolean {
  return !/^[A-Za-z][A-Za-z0-9]*$/.test(decodeURIComponent(name));
}

import type { Document, Schema } from './openapi.js';

/**
 * Makes one object of an intersection of objects (`Ticket & { comments: string[] }`). tsoa writes `allOf` of closed models, and
 * nothing is valid by that: each of them refuses the properties of the others.
 */
export function mergeIntersections({ components, paths }: Document): void {
  const { schemas } = components;
  const visited = new Set<Schema>();
  for (const schema of Object.values(schemas)) mergeWithin(schema);
  for (const operations of Object.values(paths)) {
    for (const { requestBody, responses } of Object.values(operations)) {
      for (const body of [requestBody, ...Object.values(responses)]) {
        for (const { schema } of Object.values(body?.content ?? {})) if (schema) mergeWithin(schema);
      }
    }
  }

  /** In place, because other schemas may have it in them. */
  function mergeWithin(schema: Schema): void {
    if (visited.has(schema)) return;
    visited.add(schema);
    for (const inner of listParts(schema)) mergeWithin(inner);
    const parts = schema['allOf'] as readonly Schema[] | undefined;
    if (!parts || parts.length < 2) return;
    const objects = parts.map(resolveObject).filter((object) => object !== undefined);
    if (objects.length < parts.length) return;
    const required = objects.flatMap((object) => (object['required'] ?? []) as readonly string[]);
    const open = objects.map((object) => object.additionalProperties).find((values) => values);
    delete schema['allOf'];
    schema['type'] = 'object';
    schema.properties = Object.assign({}, ...objects.map(({ properties }) => properties)) as Record<
      string,
      Schema
    >;
    if (required.length > 0) schema['required'] = [...new Set(required)];
    schema.additionalProperties = open ?? false;
  }

  /** The object that a part of an intersection stands for; undefined for anything else. */
  function resolveObject(schema: Schema): Schema | undefined {
    const name = schema.$ref?.split('/').at(-1);
    if (name !== undefined) {
      const named = schemas[decodeURIComponent(name)];
      if (named) mergeWithin(named);
      return named?.properties ? named : undefined;
    }
    const [only, ...others] = (schema['allOf'] ?? []) as readonly Schema[];
    if (only && others.length === 0) return resolveObject(only);
    return schema['type'] === 'object' ? schema : undefined;
  }
}

function listParts({ properties = {}, items, additionalProperties, ...schema }: Schema): Schema[] {
  const lists = ['allOf', 'anyOf', 'oneOf'].flatMap(
    (keyword) => (schema[keyword] ?? []) as readonly Schema[],
  );
  const inner = [...Object.values(properties), ...lists, items, additionalProperties];
  return inner.filter((part): part is Schema => typeof part === 'object');
}

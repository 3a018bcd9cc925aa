import { isMadeUpName, isOfUtility, toModelName, toTypeName } from './names.js';
import type { Document, Schema } from './openapi.js';

type Schemas = Record<string, Schema>;

const prefix = '#/components/schemas/';

/**
 * Names each object in the contract, from which generated clients derive their types: an inline object after its place, and
 * an instance of a generic type by an identifier.
 */
export function deriveNames(document: Document): void {
  const { schemas } = document.components;
  renameGenerics(document);
  const queue = new Set<string>();
  for (const operations of Object.values(document.paths)) {
    for (const { operationId, requestBody, responses } of Object.values(operations)) {
      const bodies = [
        ['Request', requestBody] as const,
        ...Object.values(responses).map((response) => ['Result', response] as const),
      ];
      for (const [suffix, body] of bodies) {
        for (const [mediaType, media] of Object.entries(body?.content ?? {})) {
          // A form with files needs no model.
          if (mediaType === 'multipart/form-data' || !media.schema) continue;
          media.schema = hoist(media.schema, toTypeName(operationId) + suffix);
        }
      }
    }
  }
  for (const model of Object.keys(schemas)) queue.add(model);
  // Includes the schemas that the loop adds.
  for (const model of queue) {
    const { properties = {} } = schemas[model] ?? {};
    for (const [property, schema] of Object.entries(properties))
      properties[property] = hoist(schema, model + toTypeName(property));
  }

  function hoist(schema: Schema, name: string): Schema {
    if (schema.items) return { ...schema, items: hoist(schema.items, `${name}Item`) };
    const values = schema.additionalProperties;
    if (!schema.properties && typeof values === 'object')
      return { ...schema, additionalProperties: hoist(values as Schema, `${name}Value`) };
    if (schema['type'] !== 'object' || !schema.properties || Object.keys(schema.properties).length === 0)
      return schema;
    const { description, nullable, ...own } = schema;
    // tsoa's name, made from the operation.
    delete own['title'];
    const free = freeName(name, schemas);
    // The service accepts unknown properties neither in a model nor in an inline type.
    schemas[free] = { ...own, additionalProperties: own.additionalProperties ?? false };
    queue.add(free);
    const reference = { $ref: prefix + free };
    if (description === undefined && nullable === undefined) return reference;
    return {
      allOf: [reference],
      ...(description !== undefined && { description }),
      ...(nullable !== undefined && { nullable }),
    };
  }
}

function renameGenerics(document: Document): void {
  const { schemas } = document.components;
  const renamed = new Map<string, string>();
  for (const name of Object.keys(schemas).filter(isMadeUpName)) {
    const chosen = freeName(toModelName(name), schemas);
    schemas[chosen] = describeGeneric(name, schemas[name] ?? {});
    Reflect.deleteProperty(schemas, name);
    renamed.set(prefix + encodeURIComponent(name), prefix + chosen).set(prefix + name, prefix + chosen);
  }
  if (renamed.size > 0) replaceReferences([document.paths, document.components], renamed);
}

/** Removes the description that TypeScript's library has of a utility type. */
function describeGeneric(name: string, { description, ...schema }: Schema): Schema {
  const hasProperties = Object.keys(schema.properties ?? {}).length > 0;
  return {
    ...schema,
    ...(!isOfUtility(name) && description !== undefined && { description }),
    ...(hasProperties && { additionalProperties: schema.additionalProperties ?? false }),
  };
}

function replaceReferences(value: unknown, renamed: ReadonlyMap<string, string>): void {
  if (typeof value !== 'object' || value === null) return;
  const node = value as Record<string, unknown>;
  for (const [key, member] of Object.entries(node)) {
    if (key === '$ref' && typeof member === 'string') node[key] = renamed.get(member) ?? member;
    else replaceReferences(member, renamed);
  }
}

function freeName(name: string, schemas: Schemas): string {
  if (!Object.hasOwn(schemas, name)) return name;
  let number = 2;
  while (Object.hasOwn(schemas, `${name}${number}`)) number += 1;
  return `${name}${number}`;
}

type Node = Readonly<Record<string, unknown>>;

/**
 * Converts the contract to OpenAPI 3.1, whose schemas are JSON Schema 2020-12: `nullable` becomes a type, exclusive bounds
 * become numbers, `example` becomes `examples`, and permissions move into the security requirement. A single value stays
 * an `enum`: some generators fail on `const`.
 */
export function toOpenApi31(document: Node): Node {
  const { components, paths, ...rest } = document as { components: Node; paths: Node } & Node;
  const { schemas, ...others } = components as { schemas: Node } & Node;
  return {
    ...(convert({ ...rest, openapi: '3.1.1' }) as Node),
    paths: mapValues(paths, (path) => mapValues(path as Node, (operation) => toOperation(operation as Node))),
    components: { ...(convert(others) as Node), schemas: mapValues(schemas, toSchema) },
  };
}

function toOperation(operation: Node): Node {
  const { security, 'x-required-permissions': permissions, ...rest } = convert(operation) as Node;
  const roles = (scheme: string, demanded: unknown): unknown =>
    scheme === 'bearer' ? (permissions ?? demanded) : demanded;
  return {
    ...rest,
    security: (security as Node[]).map((schemes) =>
      Object.fromEntries(
        Object.entries(schemes).map(([scheme, demanded]) => [scheme, roles(scheme, demanded)]),
      ),
    ),
  };
}

/** Converts all schemas in a value. */
function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]: [string, unknown]) => [
      key,
      key === 'schema'
        ? toSchema(member)
        : key === 'example' || key === 'examples'
          ? member
          : convert(member),
    ]),
  );
}

/** Converts a schema and its subschemas. */
function toSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, example, exclusiveMinimum, exclusiveMaximum, minimum, maximum, type, ...others } =
    schema as Node;
  const rest = describeBytes(others);
  // Of a reference that may be null.
  if (nullable === true && type === undefined) {
    const { description, ...referring } = rest;
    const inner = toSchema(referring);
    return { ...(description !== undefined && { description }), anyOf: [inner, { type: 'null' }] };
  }
  return {
    ...(type !== undefined && { type: nullable === true ? [type, 'null'] : type }),
    ...mapEntries(rest, (keyword, value) => {
      if (keyword === 'properties') return mapValues(value as Node, toSchema);
      return subschemas.has(keyword) ? toSchema(value) : value;
    }),
    ...convertBound('minimum', 'exclusiveMinimum', minimum, exclusiveMinimum),
    ...convertBound('maximum', 'exclusiveMaximum', maximum, exclusiveMaximum),
    ...(example !== undefined && { examples: [example] }),
  };
}

/** 3.1 has no format for a file. */
function describeBytes(schema: Node): Node {
  if (schema['format'] !== 'binary') return schema;
  const others = Object.entries(schema).filter(([keyword]) => keyword !== 'format');
  return { ...Object.fromEntries(others), contentMediaType: 'application/octet-stream' };
}

/** Keywords whose value is a schema, or a list of schemas. */
const subschemas = new Set(['items', 'additionalProperties', 'allOf', 'anyOf', 'oneOf', 'not']);

function convertBound(name: string, exclusiveName: string, value: unknown, exclusive: unknown): Node {
  if (value === undefined) return {};
  return { [exclusive === true ? exclusiveName : name]: value };
}

function mapEntries(node: Node, map: (key: string, value: unknown) => unknown): Node {
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, map(key, value)]));
}

function mapValues(node: Node, map: (value: unknown) => unknown): Node {
  return mapEntries(node, (_key, value) => map(value));
}

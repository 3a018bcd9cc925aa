/** The part of an OpenAPI 3.0 document that the build uses. */
export interface Document {
  openapi: string;
  info: object;
  tags?: Tag[];
  components: Record<string, Record<string, unknown>> & { schemas: Record<string, Schema> };
  paths: Record<string, Record<string, Operation>>;
}

export interface Tag {
  readonly name: string;
  readonly description?: string;
}

export interface Schema {
  $ref?: string;
  format?: string;
  enum?: unknown[];
  example?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: unknown;
  [keyword: string]: unknown;
}

export interface Operation {
  operationId: string;
  tags?: string[];
  summary?: string;
  description?: string;
  security?: Record<string, string[]>[];
  parameters?: unknown[];
  requestBody?: { content: Record<string, MediaType> };
  responses: Record<string, ResponseObject>;
  'x-required-permissions'?: string[];
}

export interface ResponseObject {
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, MediaType>;
}

export interface MediaType {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, unknown>;
  encoding?: Record<string, { contentType: string }>;
}

/**
 * An OpenAPI document.
 * @example { "openapi": "3.0.3", "info": { "title": "Latchkey", "version": "0.2.0" }, "paths": {} }
 */
export interface OpenApiDocument {
  [key: string]: unknown;
}

/**
 * An OpenAPI document in YAML.
 * @maxLength 10000000
 * @pattern ^openapi:
 * @example "openapi: 3.0.3\ninfo:\n  title: Latchkey\n  version: 0.2.0\npaths: {}\n"
 */
export type OpenApiYaml = string;

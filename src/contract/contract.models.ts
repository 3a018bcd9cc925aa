/**
 * An OpenAPI document.
 * @example { "openapi": "3.0.3", "info": { "title": "Latchkey", "version": "0.1.0" }, "paths": {} }
 */
export interface OpenApiDocument {
  [key: string]: unknown;
}

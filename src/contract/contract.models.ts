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

/**
 * The name and version of the service, and links. They start with the path at which a proxy serves the service.
 * @example { "name": "Latchkey", "version": "0.2.0", "documentation": "/docs/", "contract": "/openapi.json", "problems": "/problems", "liveness": "/health/live", "readiness": "/health/ready" }
 */
export interface ServiceInfo {
  /**
   * The contract's title.
   * @maxLength 200
   * @pattern ^[^\u0000-\u001f\u007f]*$
   */
  name: string;
  /**
   * The contract's version, which is the service's.
   * @maxLength 64
   * @pattern ^[0-9A-Za-z.+-]+$
   */
  version: string;
  /** Swagger UI. */
  documentation: ServiceAddress;
  /** This contract, in OpenAPI 3.0 as JSON. */
  contract: ServiceAddress;
  /** The list of problems, a page. */
  problems: ServiceAddress;
  /** Whether the process is running. */
  liveness: ServiceAddress;
  /** Whether the service can handle requests. */
  readiness: ServiceAddress;
}

/**
 * A path on this host.
 * @format uri-reference
 * @maxLength 300
 * @pattern ^/
 */
export type ServiceAddress = string;

import type { OpenApiDocument } from './contract.models.js';

// The contract as a client behind a proxy has to read it: its operations are below the path that the proxy puts before.
// A prefix is such as `/auth`, or empty where there is none.

export function servedBelow(prefix: string, document: OpenApiDocument): OpenApiDocument {
  if (prefix === '') return document;
  const servers = document['servers'] as readonly { readonly url: string }[];
  return { ...document, servers: servers.map((server) => ({ ...server, url: prefix })) };
}

export function yamlServedBelow(prefix: string, yaml: string): string {
  return prefix === '' ? yaml : yaml.replace(/^( *- url:) \/$/m, `$1 ${prefix}`);
}

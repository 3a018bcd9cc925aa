import type { OpenApiDocument } from './contract.models.js';
import type { Document } from './openapi.js';

export interface OperationLink {
  /** `POST /login` */
  readonly name: string;
  readonly summary: string;
  /** Its address in Swagger UI, relative to the service's root. */
  readonly address: string;
}

/** Finds the operations that respond with a problem, and their addresses in Swagger UI. */
export class ProblemOperations {
  readonly #byName = new Map<string, OperationLink>();
  readonly #byCode = new Map<string, Set<OperationLink>>();
  readonly #unforeseen = new Set<string>();

  constructor(contract: OpenApiDocument) {
    const { paths } = contract as unknown as Document;
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { operationId, tags = [], summary = '', responses }] of Object.entries(
        operations,
      )) {
        const name = `${method.toUpperCase()} ${path}`;
        const address = `docs/#/${encodeURIComponent(tags[0] ?? '')}/${encodeURIComponent(operationId)}`;
        const operation = { name, summary, address };
        this.#byName.set(name, operation);
        for (const [status, { content }] of Object.entries(responses)) {
          for (const code of Object.keys(content?.['application/problem+json']?.examples ?? {})) {
            if (status === 'default') this.#unforeseen.add(code);
            else this.#byCode.set(code, (this.#byCode.get(code) ?? new Set()).add(operation));
          }
        }
      }
    }
  }

  /** The operations with the code in one of their responses, in the contract's order. */
  listByCode(code: string): readonly OperationLink[] {
    return [...(this.#byCode.get(code) ?? [])];
  }

  /** Whether the code is in `default` responses, so that any operation may respond with it. */
  mayComeFromAny(code: string): boolean {
    return this.#unforeseen.has(code);
  }

  /** @param name such as `POST /login` */
  findByName(name: string): OperationLink | undefined {
    return this.#byName.get(name);
  }
}

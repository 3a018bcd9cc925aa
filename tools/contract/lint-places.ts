// Where in the sources what a linter finds in the contract is, and what it is about, in the author's words.
import type { Sources } from './controllers.ts';
import { nameOf } from './finding.ts';

type Node = Readonly<Record<string, unknown>>;

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Node>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Node>> };
}

export interface Place {
  /** File and line. */
  readonly at: string;
  /** `Ticket.title`, or `GET /tickets/{id}`. */
  readonly subject: string;
}

/** Finds the place of a path in the document: `/components/schemas/Ticket/properties/title`. */
export class Places {
  readonly #document: Document;
  readonly #sources: Sources;
  readonly #operations: ReadonlyMap<string, Sources['controllers'][number]['operations'][number]>;

  constructor(document: object, sources: Sources) {
    this.#document = document as Document;
    this.#sources = sources;
    this.#operations = new Map(
      sources.controllers.flatMap(({ operations }) => operations.map((each) => [nameOf(each), each])),
    );
  }

  /** @returns undefined for what is in none of these sources */
  find(where: string): Place | undefined {
    const path = where.replace(/^3\.1:/, '');
    return path.startsWith('/paths/') ? this.#findInOperation(path) : this.#findInModel(path);
  }

  #findInOperation(path: string): Place | undefined {
    for (const [url, operations] of Object.entries(this.#document.paths)) {
      for (const [method, described] of Object.entries(operations)) {
        const start = `/paths/${url.slice(1)}/${method}`.replace('//', '/');
        if (path !== start && !path.startsWith(`${start}/`)) continue;
        const operation = this.#operations.get(`${method.toUpperCase()} ${url}`);
        if (!operation) return undefined;
        const [, part = '', key = ''] = path.slice(start.length).split('/');
        const name = nameOf(operation);
        if (part === 'parameters') {
          const parameters = described['parameters'] as readonly { readonly name: string }[];
          const sentAs = parameters[Number(key)]?.name ?? '';
          const parameter = operation.parameters.find((each) => each.sentAs === sentAs);
          return { at: parameter?.at ?? operation.at, subject: `"${sentAs}" of ${name}` };
        }
        if (part === 'requestBody') return { at: operation.at, subject: `The request of ${name}` };
        if (part === 'responses') return { at: operation.at, subject: `The response ${key} of ${name}` };
        return { at: operation.at, subject: name };
      }
    }
    return undefined;
  }

  #findInModel(path: string): Place | undefined {
    const [, name, property] = /^\/components\/schemas\/([^/]+)(?:\/properties\/([^/]+))?/.exec(path) ?? [];
    if (name === undefined) return undefined;
    const model = this.#sources.models.find((each) => each.name === name);
    const subject = property === undefined ? name : `${name}.${property}`;
    if (model) {
      const at = (property === undefined ? undefined : model.properties.get(property)) ?? model.at;
      return { at, subject };
    }
    // Its name was made by the build: it is where it is used.
    const user = this.#findUser(name, new Set([name]));
    return user && { ...user, subject };
  }

  #findUser(name: string, seen: Set<string>): Place | undefined {
    const reference = `#/components/schemas/${name}`;
    for (const [model, schema] of Object.entries(this.#document.components.schemas)) {
      if (seen.has(model)) continue;
      const properties = (schema['properties'] ?? {}) as Node;
      const property = Object.keys(properties).find((key) => refersTo(properties[key], reference));
      if (property === undefined) continue;
      seen.add(model);
      const place = this.find(`/components/schemas/${model}/properties/${property}`);
      if (place) return place;
    }
    for (const [url, operations] of Object.entries(this.#document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        if (refersTo(operation, reference)) {
          const place = this.find(`/paths/${url.slice(1)}/${method}`);
          if (place) return place;
        }
      }
    }
    return undefined;
  }
}

function refersTo(value: unknown, reference: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, member]: [string, unknown]) =>
    key === '$ref' ? member === reference : refersTo(member, reference),
  );
}

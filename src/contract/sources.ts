import type { Document } from './openapi.js';

/** Where operations and models are in the sources, as `describeSources` of `tools/contract/check-controllers.ts` finds them. */
export interface Sources {
  /** Operation (`GET /reports/{id}`) → file and line (`src/reports/reports.controller.ts:12`). */
  readonly places: Readonly<Record<string, string>>;
  /** Model → file and line. */
  readonly models: Readonly<Record<string, string>>;
  /** The controller's tag → the comment above the controller. */
  readonly tags: Readonly<Record<string, string>>;
  /** Operation → the tag that its controller's name stands for. */
  readonly controllerTags: Readonly<Record<string, string>>;
  /** Operation → the codes of the problems that its method throws itself. */
  readonly thrown: Readonly<Record<string, readonly string[]>>;
}

/** Adds file and line to each line of a message that starts with an operation: `GET /reports: …`. */
export function addLocations(message: string, { places }: Pick<Sources, 'places'>, kind = ''): string {
  return message
    .split('\n')
    .map((line) => {
      const place = places[line.slice(0, line.indexOf(': '))];
      return place === undefined ? line : `${place}: ${kind}${line}`;
    })
    .join('\n');
}

/** Adds the tags that are not in tsoa.json, sorted by name, with the comments above their controllers. */
export function describeTags(document: Document, { tags }: Pick<Sources, 'tags'>): void {
  const described = document.tags ?? [];
  const others = Object.entries(tags)
    .filter(([name]) => !described.some((tag) => tag.name === name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  document.tags = [...described, ...others.map(([name, description]) => ({ name, description }))];
}

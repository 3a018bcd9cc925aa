import type { Document } from './openapi.js';

/** What `tools/contract/check-controllers.ts` read in the controllers. */
export interface Sources {
  /** Where each operation is, as `src/reports/reports.controller.ts:12`, by its name: `GET /reports/{id}`. */
  readonly places: Readonly<Record<string, string>>;
  /** What the comment above a controller says, by the controller's tag. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Puts file and line before each line of a message that begins with an operation: `GET /reports: …`. */
export function addLocations(message: string, { places }: Sources): string {
  return message
    .split('\n')
    .map((line) => {
      const place = places[line.slice(0, line.indexOf(': '))];
      return place === undefined ? line : `${place}: ${line}`;
    })
    .join('\n');
}

/** Describes the tags that tsoa.json does not know, by name, by the comments above their controllers. */
export function describeTags(document: Document, { tags }: Sources): void {
  const described = document.tags ?? [];
  const others = Object.entries(tags)
    .filter(([name]) => !described.some((tag) => tag.name === name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  document.tags = [...described, ...others.map(([name, description]) => ({ name, description }))];
}

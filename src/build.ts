// `latchkey/build`: what the generated routes of a project import.
import type { Operation, Routes } from './server/operations.js';
import type { ProjectRoutes, RoutesOf } from './server/project.js';

export type { Operation } from './server/operations.js';
export type { ProjectRoutes, Routes };

/** What takes the services of a controller; never: it takes none. */
type TakesServices<Controller> = Controller extends new (...parameters: infer Parameters) => object
  ? Parameters extends readonly [infer Services, ...unknown[]]
    ? (services: Services) => void
    : never
  : never;

/** The services that all controllers need together. */
type Needed<Operations extends readonly Operation[]> =
  // Of a union of functions, this is the intersection of what they take.
  TakesServices<Operations[number]['controller']> extends (services: infer Services) => void
    ? Services
    : unknown;

/** Checks the types of what the build has made of a project's controllers. */
export function defineRoutes<const Operations extends readonly Operation[]>(
  routes: Omit<ProjectRoutes, 'operations'> & { readonly operations: Operations },
): RoutesOf<Needed<Operations>> {
  return routes;
}

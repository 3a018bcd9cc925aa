// `latchkey/build`: what the generated routes of a project import.
import type { Routes } from './server/operations.js';
import type { ProjectRoutes } from './server/project.js';

export type { Operation } from './server/operations.js';
export type { ProjectRoutes, Routes };

/** Checks the types of what the build has made of a project's controllers. */
export function defineRoutes(routes: ProjectRoutes): ProjectRoutes {
  return routes;
}

// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- its cache tells which packages are loaded
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { ProjectMigrations } from '../database/migrations/context.js';
import type { ProjectProblems } from '../problems/project-problems.js';
import { StartError } from '../start-error.js';
import type { Hooks } from '../tokens/hooks.js';
import type { Routes } from './operations.js';
import type { PublicServices } from './public-services.js';

/** The generated routes of a project. */
export interface ProjectRoutes extends Routes {
  /** The project's folder: where its contract is. */
  readonly root: URL;
}

/** With the services that its controllers need, which TypeScript compares with those that there are. */
export interface RoutesOf<Needed> extends ProjectRoutes {
  /** Never there: a type alone. */
  readonly controllersTake?: (services: Needed) => void;
}

/** What a project's hooks are made with. */
export type HookContext = Pick<PublicServices, 'database' | 'clock' | 'log'>;

/** What a project's services are made with. */
export interface ProjectContext extends HookContext {
  /** Latchkey's own services. */
  readonly latchkey: PublicServices;
}

/** What is built on Latchkey. Only the routes are required. */
export interface ProjectDefinition<OwnServices extends object = object> {
  /** Of `generated/routes.ts`. */
  readonly routes: ProjectRoutes;
  /** Where they need a database, a clock or a log: a function of these. */
  readonly hooks?: Hooks | ((context: HookContext) => Hooks);
  /** With codes of its own: `defineProblems`. */
  readonly problems?: ProjectProblems;
  /** Of its own tables: run after Latchkey's. */
  readonly migrations?: ProjectMigrations;
  /** Makes the services that its controllers get beside Latchkey's. */
  createServices?(context: ProjectContext): OwnServices | Promise<OwnServices>;
  /** Runs every ten minutes, for what expires. On PostgreSQL in each replica. */
  cleanUp?(services: OwnServices): Promise<void> | void;
  /** Ends what its services have begun, before the database is closed. */
  close?(services: OwnServices): Promise<void> | void;
}

export type Project = ProjectDefinition;

const projects = new WeakSet<object>();
const packageFolder = fileURLToPath(new URL('../../..', import.meta.url));
const runtimeFile = /@tsoa[\\/]runtime[\\/]dist[\\/]index\.js$/;

/** For `src/project.ts`, as its default export. */
export function defineProject<OwnServices extends object>(
  definition: ProjectDefinition<OwnServices> & {
    readonly routes: RoutesOf<PublicServices & NoInfer<OwnServices>>;
  },
): ProjectDefinition<OwnServices> {
  projects.add(definition);
  return definition;
}

/**
 * Refuses what would work in part only, and in silence: a project on another copy of Latchkey than the one that runs, and
 * decorators of another copy of tsoa's runtime, whose `@Middlewares` nobody finds.
 * @throws {StartError}
 */
export function assertUsable(project: object): void {
  if (!projects.has(project)) {
    throw new StartError(
      `The project was not made by defineProject of the Latchkey in ${packageFolder}: there may be two copies, which "npm ls latchkey" shows. Keep one, and write "export default defineProject({ … })" in src/project.ts.`,
    );
  }
  const require = createRequire(import.meta.url);
  const own = require.resolve('@tsoa/runtime');
  const other = Object.keys(require.cache).find((file) => runtimeFile.test(file) && file !== own);
  if (other !== undefined) {
    throw new StartError(
      `There are two copies of @tsoa/runtime, ${other} beside ${own}: decorators of the other one do nothing. Import them from "latchkey".`,
    );
  }
}

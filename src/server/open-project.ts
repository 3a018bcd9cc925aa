import { routes as latchkeyRoutes } from '../../generated/latchkey-routes.js';
import { Contract, findOperation } from '../contract/read-contract.js';
import type { Hooks } from '../tokens/hooks.js';
import { StartError } from '../start-error.js';
import type { Operation } from './operations.js';
import type { HookContext, Project, ProjectRoutes } from './project.js';
import { createPublicServices } from './create-public-services.js';
import type { PublicServices } from './public-services.js';
import type { Services } from './services.js';

/** A project whose services are made. */
export interface OpenProject {
  readonly routes: ProjectRoutes;
  /** What its controllers are constructed with. */
  readonly services: PublicServices;
  readonly cleanUp: () => Promise<void>;
}

/** The operations of Latchkey and of a project. */
export function listOperations({ routes }: Pick<Project, 'routes'>): readonly Operation[] {
  return [...latchkeyRoutes.operations, ...routes.operations];
}

/** @throws {StartError} where the contract is not there, or was built by another version. */
export function openContract(project: Pick<Project, 'routes'>): Contract {
  const contract = readContract(project.routes.root);
  for (const operation of listOperations(project)) {
    if (findOperation(contract.document, operation)) continue;
    throw new StartError(
      `${operation.method.toUpperCase()} ${operation.path} is not in generated/openapi.json: that was built from other controllers, or with another version of Latchkey. Run "npm run build".`,
    );
  }
  return contract;
}

function readContract(root: URL): Contract {
  try {
    return new Contract(root);
  } catch (cause) {
    throw new StartError(`The contract cannot be read (${(cause as Error).message}). Run "npm run build".`, {
      cause,
    });
  }
}

export function createHooks({ hooks = {} }: Pick<Project, 'hooks'>, context: HookContext): Hooks {
  return typeof hooks === 'function' ? hooks(context) : hooks;
}

/**
 * Makes a project's own services.
 * @throws {StartError} where one has the name of one of Latchkey's.
 */
export async function openProject(project: Project, services: Services): Promise<OpenProject> {
  const { database, clock, log } = services;
  const latchkey = createPublicServices(services);
  const own =
    (await project.createServices?.({ database: database.withTables(), clock, log, latchkey })) ?? {};
  const taken = Object.keys(own).find((name) => name in latchkey);
  if (taken !== undefined) {
    throw new StartError(
      `createServices makes a service "${taken}", which is the name of one of Latchkey's. Give it another one.`,
    );
  }
  database.beforeClose(async () => {
    try {
      await project.close?.(own);
    } catch (error) {
      // The connections have to be closed all the same.
      log.error({ err: error }, "the project's close failed");
    }
  });
  return {
    routes: project.routes,
    services: { ...latchkey, ...own },
    cleanUp: async () => {
      await project.cleanUp?.(own);
    },
  };
}

import type { Request } from 'express';
import type { Services } from './services.js';

/** Controllers have no state per request, so there is one instance of each. */
export type ControllerClass = new (services: Services) => object;

interface Container {
  get(controller: ControllerClass): object;
}

const containers = new WeakMap<Services, Container>();

/**
 * tsoa's iocModule: constructs controllers with the services. A new controller needs no registration.
 */
export function iocContainer(request: Request): Container {
  const { services } = request.app.locals;
  let container = containers.get(services);
  if (!container) containers.set(services, (container = createContainer(services)));
  return container;
}

function createContainer(services: Services): Container {
  const controllers = new Map<ControllerClass, object>();
  return {
    get: (controller) => {
      let instance = controllers.get(controller);
      if (!instance) controllers.set(controller, (instance = new controller(services)));
      return instance;
    },
  };
}

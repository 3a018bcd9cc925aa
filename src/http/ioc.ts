import type { Request } from 'express';
import type { Services } from '../services.js';

/** Controllers hold no state of a request, so one of each serves them all. */
export type ControllerClass = new (services: Services) => object;

const controllers = new WeakMap<Services, Map<ControllerClass, object>>();

/**
 * tsoa's iocModule: every controller is made with the services. A new controller needs no registration.
 */
export function iocContainer(request: Request): { get(controller: ControllerClass): object } {
  return containerOf(request.app.locals.services);
}

export function containerOf(services: Services): { get(controller: ControllerClass): object } {
  const known = controllers.get(services) ?? new Map<ControllerClass, object>();
  controllers.set(services, known);
  return {
    get: (controller) => {
      let instance = known.get(controller);
      if (!instance) known.set(controller, (instance = new controller(services)));
      return instance;
    },
  };
}

/** A controller is constructed with the services of its side: all of Latchkey's, or the public ones and a project's own. */
// Each declares those that it uses.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type ControllerClass = new (services: any) => object;

/** The instances of controllers: one of each, because they have no state per request. */
export class Controllers {
  readonly #instances = new Map<ControllerClass, object>();

  constructor(private readonly services: object) {}

  /** Constructs it at its first use. A new controller needs no registration. */
  get(controller: ControllerClass): object {
    let instance = this.#instances.get(controller);
    if (!instance) this.#instances.set(controller, (instance = new controller(this.services)));
    return instance;
  }
}

import type { RequestContext } from '../http/request-context.js';

/** Who changes something, and from where. */
export interface Actor {
  /** Undefined: the operator at the command line, or the service itself. */
  readonly userId?: string;
  readonly context: RequestContext;
}

import { operatorContext } from '../audit/audit.store.js';
import type { Actor } from '../audit/actor.js';

/** The actor of what a command does. */
export const operator: Actor = { context: operatorContext };

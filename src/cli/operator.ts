import { createOperatorActor, type Actor } from '../audit/actor.js';

/** Who runs the command, for the audit. */
export const operator: Actor = createOperatorActor();

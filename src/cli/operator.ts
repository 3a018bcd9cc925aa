import { createOperatorActor, type Actor } from '../audit/actor.js';

/** The system user who runs the command, for the audit. */
export const operator: Actor = createOperatorActor();

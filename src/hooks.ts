import type { Hooks } from './latchkey.js';

/** What your API adds to tokens and demands of them: `Hooks` says what there is. */
export const hooks: Hooks = {};

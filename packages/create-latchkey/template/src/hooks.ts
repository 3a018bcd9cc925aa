import type { Hooks } from 'latchkey';

/** What this API adds to access tokens and demands of them: `Hooks` says what there is. */
export const hooks: Hooks = {};

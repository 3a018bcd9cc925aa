import type { Hooks, LoadUser } from './tokens/hooks.js';

/** What `loadUser` gives, and a controller finds as `request.user`. Make it your own type. */
export type LoadedUser = object;

interface OwnHooks extends Hooks {
  readonly loadUser?: LoadUser<LoadedUser>;
}

/** Edit this one: `Hooks` says what there is. */
export const hooks: OwnHooks = {};

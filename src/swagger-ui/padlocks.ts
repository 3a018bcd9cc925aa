import { describeAccess, type Secured } from './access.js';
import type { Component } from './react.js';
import type { ImmutableList, ImmutableMap, SwaggerUi } from './system.js';

interface PlaceProperties {
  /** The place in the contract: `['paths', '/login', 'post']` for an operation. */
  readonly path?: ImmutableList;
  readonly getComponent: (name: string) => Component<object>;
}

/**
 * A padlock on each operation that shows who may call it: open if anyone may, closed if a token is required, and open with
 * the word "optional" if a token may be left out. They replace Swagger UI's own, which show whether the user is logged in
 * and are missing on public operations.
 *
 * They are put into `JumpToPath`, an empty component that Swagger UI has for plugins.
 */
export const padlocks = {
  authorizeOperationBtn: () => () => null,
  JumpToPath:
    (_original: unknown, system: SwaggerUi): Component<PlaceProperties> =>
    ({ path, getComponent }) => {
      const { React, authActions, authSelectors, specSelectors } = system;
      const [where, ...operation] = path?.toArray() ?? [];
      if (where !== 'paths' || operation.length !== 2) return null;
      const secured = specSelectors.specJson().getIn([where, ...operation]) as ImmutableMap;
      const { kind, text } = describeAccess(secured.toJS() as Secured);
      const icon = React.createElement(getComponent(kind === 'required' ? 'LockIcon' : 'UnlockIcon'), null);
      if (kind === 'public') {
        const label = { role: 'img', 'aria-label': text, title: text, className: `padlock ${kind}` };
        return React.createElement('span', label, icon);
      }
      const security = secured.get('security');
      const isAuthorized = authSelectors.isAuthorized(security) === true && kind === 'required';
      const button = {
        type: 'button',
        className: `padlock ${kind} ${isAuthorized ? 'authorized' : ''}`,
        'aria-label': `${text}${isAuthorized ? ', which you have' : ''}`,
        title: text,
        onClick: () => {
          authActions.showDefinitions(authSelectors.definitionsForRequirements(security));
        },
      };
      return React.createElement('button', button, kind === 'optional' && 'optional', icon);
    },
};

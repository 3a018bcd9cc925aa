import { findNamedAddress } from './browser-passkeys.js';
import type { Component } from './react.js';
import type { SwaggerUi } from './system.js';

/** Says where passkeys work, on a page that is at an address of this machine. */
export const PasskeyHint: Component<{ readonly system: SwaggerUi }> = ({ system: { React } }) => {
  const address = findNamedAddress();
  if (address === undefined) return null;
  const link = React.createElement('a', { href: address }, address);
  return React.createElement('p', null, 'Browsers allow passkeys only at host names, such as ', link, '.');
};

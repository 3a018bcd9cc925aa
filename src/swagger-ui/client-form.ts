import { closeDialog, DialogForm } from './dialog-form.js';
import type { Component } from './react.js';
import { clientScheme, type SwaggerUi } from './system.js';

/** Takes the id and the secret of a client, for the operations of OAuth. */
export const ClientForm: Component<{ readonly system: SwaggerUi }> = ({ system }) => {
  const used = system.authSelectors.authorized().getIn([clientScheme, 'value', 'username']);
  if (typeof used === 'string') {
    return system.React.createElement(DialogForm, {
      system,
      title: `OAuth requests use the client ${used}`,
      description: '',
      fields: [],
      action: 'Stop using this client',
      submit: async () => {
        system.authActions.logoutWithPersistOption([clientScheme]);
        return Promise.resolve(undefined);
      },
    });
  }
  return system.React.createElement(DialogForm, {
    system,
    title: 'OAuth client (for /oauth operations)',
    description:
      'An OAuth client: a service with its own id and secret (POST /clients creates one). This does not log a user in.',
    fields: [
      { label: 'Client id', name: 'id', type: 'text', autoComplete: 'off' },
      { label: 'Client secret', name: 'secret', type: 'password', autoComplete: 'new-password' },
    ],
    action: 'Use this client',
    submit: async ({ id = '', secret = '' }) => {
      system.authActions.authorizeWithPersistOption({
        [clientScheme]: {
          name: clientScheme,
          schema: { type: 'http', scheme: 'basic' },
          value: { username: id, password: secret },
        },
      });
      closeDialog(system);
      return Promise.resolve(undefined);
    },
  });
};

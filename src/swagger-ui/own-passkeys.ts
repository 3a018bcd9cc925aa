import type { Passkey } from '../passkeys/passkeys.models.js';
import { findPasskeyApi } from './browser-passkeys.js';
import { DialogForm, type Failure } from './dialog-form.js';
import type { Login } from './login.js';
import { PasskeyHint } from './passkey-hint.js';
import type { PasskeyApi } from './passkeys.js';
import type { Component, ReactElement } from './react.js';
import type { SwaggerUi } from './system.js';

interface PasskeyProperties {
  readonly system: SwaggerUi;
  readonly account: { readonly login: Login };
}

/** The passkeys of the account that is logged in: which there are, each to be removed, and another one. */
export const OwnPasskeys: Component<PasskeyProperties> = (properties) => {
  const { React } = properties.system;
  const { login } = properties.account;
  const [passkeys, setPasskeys] = React.useState<readonly Passkey[] | undefined>(undefined);
  const [codes, setCodes] = React.useState<readonly string[]>([]);
  const [failure, setFailure] = React.useState<Failure>(undefined);
  const show = async (): Promise<void> => {
    const listed = await login.listPasskeys();
    if (typeof listed === 'string') setFailure(listed);
    else setPasskeys(listed);
  };
  React.useEffect(() => void show(), []);
  const remove = async ({ id }: Passkey): Promise<void> => {
    const refusal = await login.removePasskey(id);
    setFailure(refusal);
    if (refusal === undefined) await show();
  };
  const api = findPasskeyApi();
  if (codes.length > 0) return React.createElement(RecoveryCodes, { ...properties, codes });
  return React.createElement(
    React.Fragment,
    null,
    React.createElement(
      'div',
      { className: 'auth-container' },
      React.createElement('h4', null, 'Your passkeys'),
      passkeys?.length === 0 && React.createElement('p', null, 'There are none.'),
      React.createElement(
        'ul',
        { className: 'passkeys' },
        ...(passkeys ?? []).map((passkey) =>
          React.createElement(Entry, { ...properties, passkey, remove: () => void remove(passkey) }),
        ),
      ),
      React.createElement(PasskeyHint, properties),
      failure !== undefined && React.createElement('p', { className: 'failure', role: 'alert' }, failure),
    ),
    api !== undefined &&
      React.createElement(AddForm, {
        ...properties,
        api,
        added: (recoveryCodes: readonly string[]) => {
          setCodes(recoveryCodes);
          setFailure(undefined);
          void show();
        },
      }),
  );
};

interface EntryProperties extends PasskeyProperties {
  readonly passkey: Passkey;
  readonly remove: () => void;
}

const Entry: Component<EntryProperties> = ({ system: { React }, passkey, remove }): ReactElement => {
  const { name, use, created_at: addedAt, last_used_at: usedAt } = passkey;
  const details = [
    ...(use === 'second_factor' ? ['after a password only'] : []),
    `added ${formatDay(addedAt)}`,
    usedAt === undefined ? 'not used yet' : `last used ${formatDay(usedAt)}`,
  ];
  return React.createElement(
    'li',
    null,
    React.createElement(
      'span',
      null,
      React.createElement('strong', null, name),
      React.createElement('small', null, details.join(', ')),
    ),
    React.createElement(
      'button',
      { type: 'button', className: 'btn', 'aria-label': `Remove ${name}`, onClick: remove },
      'Remove',
    ),
  );
};

interface AddProperties extends PasskeyProperties {
  readonly api: PasskeyApi;
  readonly added: (recoveryCodes: readonly string[]) => void;
}

const AddForm: Component<AddProperties> = ({ system, account, api, added }) =>
  system.React.createElement(DialogForm, {
    system,
    title: 'Add a passkey',
    description: 'To log in with this device or a security key, as POST /me/passkeys does.',
    fields: [{ label: 'Name of the passkey', name: 'passkey', type: 'text', autoComplete: 'off' }],
    action: 'Add a passkey',
    submit: async ({ passkey = '' }) => {
      const result = await account.login.addPasskey(api, passkey.trim());
      if (typeof result === 'string') return result;
      added(result);
      return undefined;
    },
  });

const RecoveryCodes: Component<PasskeyProperties & { readonly codes: readonly string[] }> = ({
  system: { React },
  codes,
}) =>
  React.createElement(
    'div',
    { className: 'auth-container' },
    React.createElement('h4', null, 'Recovery codes'),
    React.createElement(
      'p',
      null,
      'The passkey is added, and your password alone no longer logs you in. If you lose the passkey, each of these codes replaces it once. Keep them: they are shown only here.',
    ),
    React.createElement('pre', null, codes.join('\n')),
  );

function formatDay(time: string): string {
  return new Date(time).toLocaleDateString(undefined, { dateStyle: 'medium' });
}

import { readAccessToken } from './access-token.js';
import { findPasskeyApi } from './browser-passkeys.js';
import type { Login, SecondStep } from './login.js';
import type { Component, React, ReactElement } from './react.js';
import { clientScheme, tokenScheme, type ImmutableMap, type SwaggerUi } from './system.js';

/** The login of the page, as the dialog needs it. */
export interface Account {
  readonly login: Login;
  /** Undefined while it is not known. */
  readonly username: string | undefined;
}

interface DefinitionsProperties {
  /** A security scheme of the contract, by its name. */
  readonly definitions: ImmutableMap;
}
interface FormProperties {
  readonly system: SwaggerUi;
  readonly account: Account;
}
interface SubmitEvent {
  readonly currentTarget: HTMLFormElement;
  preventDefault(): void;
}
type Failure = string | undefined;

/**
 * Replaces the forms of the Authorize dialog: one logs in with a username and a password, one takes an access token, and
 * one takes a client's id and secret for the operations of OAuth. Swagger UI's own ask for a token alone, and label the
 * client's fields like those of a login.
 */
export function createAuthorizeDialog(account: () => Account | undefined) {
  return (original: Component<DefinitionsProperties>, system: SwaggerUi): Component<DefinitionsProperties> =>
    (properties) => {
      const { React } = system;
      const current = account();
      const { definitions } = properties;
      if (current && definitions.has(tokenScheme)) {
        return React.createElement(UserPart, { system, account: current });
      }
      if (current && definitions.has(clientScheme)) {
        return React.createElement(ClientPart, { system, account: current });
      }
      return React.createElement(original, properties);
    };
}

const UserPart: Component<FormProperties> = (properties) => {
  const { React, authSelectors } = properties.system;
  const token = authSelectors.authorized().getIn([tokenScheme, 'value']);
  if (typeof token === 'string') {
    return React.createElement(
      React.Fragment,
      null,
      React.createElement(LoggedIn, { ...properties, token }),
      readAccessToken(token)?.sessionId !== undefined && React.createElement(AddPasskeyForm, properties),
    );
  }
  return React.createElement(LoggedOut, properties);
};

const LoggedOut: Component<FormProperties> = (properties) => {
  const { React } = properties.system;
  const [step, setStep] = React.useState<SecondStep | undefined>(undefined);
  const [failure, setFailure] = React.useState<Failure>(undefined);
  if (step === undefined) {
    return React.createElement(
      React.Fragment,
      null,
      React.createElement(LoginForm, { ...properties, failure, setStep }),
      React.createElement(PasskeyForm, { ...properties, key: 'alone' }),
      React.createElement(TokenForm, properties),
    );
  }
  const beginAgain = (reason: string): void => {
    setFailure(reason);
    setStep(undefined);
  };
  return React.createElement(
    React.Fragment,
    null,
    React.createElement(CodeForm, { ...properties, step, beginAgain }),
    step.methods.includes('passkey') &&
      React.createElement(PasskeyForm, { ...properties, key: 'second step', step }),
  );
};

interface LoginFormProperties extends FormProperties {
  /** Why the login before has to begin again. */
  readonly failure: Failure;
  readonly setStep: (step: SecondStep) => void;
}

const LoginForm: Component<LoginFormProperties> = ({ system, account, failure, setStep }) =>
  system.React.createElement(Form, {
    system,
    title: 'Log in',
    description: 'With your name and password, as POST /login does.',
    fields: [
      { label: 'Username', name: 'username', type: 'text', autoComplete: 'username' },
      { label: 'Password', name: 'password', type: 'password', autoComplete: 'current-password' },
    ],
    action: 'Log in',
    failure,
    submit: async ({ username = '', password = '' }) => {
      const result = await account.login.logIn(username, password);
      if (typeof result === 'object') {
        setStep(result);
        return undefined;
      }
      if (result === undefined) close(system);
      return result;
    },
  });

interface CodeFormProperties extends FormProperties {
  readonly step: SecondStep;
  readonly beginAgain: (reason: string) => void;
}

const CodeForm: Component<CodeFormProperties> = ({ system, account, step, beginAgain }) =>
  system.React.createElement(Form, {
    system,
    title: 'The second step',
    description: `A ${step.methods.includes('totp') ? 'code of your authenticator app, or a ' : ''}recovery code, as POST /login/second-factor takes.`,
    fields: [{ label: 'Code', name: 'code', type: 'text', autoComplete: 'one-time-code' }],
    action: 'Log in',
    submit: async ({ code = '' }) => {
      const { failure, isOver } = await account.login.finish(step, code.trim());
      if (failure === undefined) close(system);
      else if (isOver) beginAgain(failure);
      return failure;
    },
  });

/** Where the browser has no passkeys, there is nothing of them. */
const PasskeyForm: Component<FormProperties & { readonly key: string; readonly step?: SecondStep }> = ({
  system,
  account,
  step,
}) => {
  const passkeys = findPasskeyApi();
  if (!passkeys) return null;
  return system.React.createElement(Form, {
    system,
    title: step === undefined ? 'Or log in with a passkey' : 'Or with a passkey',
    description:
      step === undefined
        ? 'Without a name and a password, as POST /login/passkey does.'
        : 'With one of this account, or with a security key.',
    fields: [],
    action: 'Use a passkey',
    submit: async () => {
      const failure = await account.login.logInWithPasskey(passkeys, step);
      if (failure === undefined) close(system);
      return failure;
    },
  });
};

const AddPasskeyForm: Component<FormProperties> = ({ system, account }) => {
  const { React } = system;
  const [codes, setCodes] = React.useState<readonly string[]>([]);
  const passkeys = findPasskeyApi();
  if (!passkeys) return null;
  if (codes.length > 0) {
    return React.createElement(
      'div',
      { className: 'auth-container' },
      React.createElement('h4', null, 'Recovery codes'),
      React.createElement(
        'p',
        null,
        'The passkey is added, and your password alone logs you in no more. Where the passkey is lost, each of these codes is in its place once. Keep them: they are shown only here.',
      ),
      React.createElement('pre', null, codes.join('\n')),
    );
  }
  return React.createElement(Form, {
    system,
    title: 'Add a passkey',
    description: 'To log in with this device or a security key, as POST /me/passkeys does.',
    fields: [{ label: 'Name of the passkey', name: 'passkey', type: 'text', autoComplete: 'off' }],
    action: 'Add a passkey',
    submit: async ({ passkey = '' }) => {
      const result = await account.login.addPasskey(passkeys, passkey.trim());
      if (typeof result === 'string') return result;
      if (result.length > 0) setCodes(result);
      else close(system);
      return undefined;
    },
  });
};

const TokenForm: Component<FormProperties> = ({ system }) =>
  system.React.createElement(Form, {
    system,
    title: 'Or use an access token',
    description: 'One that you have already. The page does not refresh it.',
    fields: [{ label: 'Access token', name: 'token', type: 'text', autoComplete: 'off' }],
    action: 'Use this token',
    submit: async ({ token = '' }) => {
      system.authActions.authorizeWithPersistOption({
        [tokenScheme]: { name: tokenScheme, schema: { type: 'http', scheme: 'bearer' }, value: token.trim() },
      });
      close(system);
      return Promise.resolve(undefined);
    },
  });

const LoggedIn: Component<FormProperties & { readonly token: string }> = ({ system, account, token }) => {
  const hasSession = readAccessToken(token)?.sessionId !== undefined;
  return system.React.createElement(Form, {
    system,
    title: hasSession
      ? `Logged in${account.username === undefined ? '' : ` as ${account.username}`}`
      : 'Authorized',
    description: hasSession
      ? 'Each request that needs a token is sent with yours.'
      : 'Each request that needs a token is sent with the one that you gave.',
    fields: [],
    action: hasSession ? 'Log out' : 'Stop using this token',
    submit: async () => {
      if (hasSession) return await account.login.logOut();
      system.authActions.logoutWithPersistOption([tokenScheme]);
      return undefined;
    },
  });
};

const ClientPart: Component<FormProperties> = ({ system }) => {
  const used = system.authSelectors.authorized().getIn([clientScheme, 'value', 'username']);
  if (typeof used === 'string') {
    return system.React.createElement(Form, {
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
  return system.React.createElement(Form, {
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
      close(system);
      return Promise.resolve(undefined);
    },
  });
};

interface Field {
  readonly label: string;
  readonly name: string;
  readonly type: 'text' | 'password';
  readonly autoComplete: string;
}
interface FormContents {
  readonly system: SwaggerUi;
  readonly title: string;
  readonly description: string;
  readonly fields: readonly Field[];
  readonly action: string;
  /** An error message to begin with. */
  readonly failure?: Failure;
  /** @returns an error message; undefined on success. */
  readonly submit: (values: Readonly<Record<string, string>>) => Promise<Failure>;
}

const Form: Component<FormContents> = ({
  system: { React },
  title,
  description,
  fields,
  action,
  failure: before,
  submit,
}) => {
  const [failure, setFailure] = React.useState<Failure>(before);
  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    void submit(values).then(setFailure);
  };
  const button = { type: 'submit', className: 'btn modal-btn auth authorize' };
  return React.createElement(
    'form',
    { className: 'auth-container', onSubmit },
    React.createElement('h4', null, title),
    description !== '' && React.createElement('p', null, description),
    ...fields.map((field) => createField(React, field)),
    failure !== undefined && React.createElement('p', { className: 'failure', role: 'alert' }, failure),
    React.createElement(
      'div',
      { className: 'auth-btn-wrapper' },
      React.createElement('button', button, action),
    ),
  );
};

function createField(React: React, { label, ...input }: Field): ReactElement {
  const id = `authorize-${input.name}`;
  return React.createElement(
    'div',
    { className: 'field' },
    React.createElement('label', { htmlFor: id }, label),
    React.createElement('input', { ...input, id, required: true, spellCheck: false, autoCapitalize: 'none' }),
  );
}

function close({ authActions }: SwaggerUi): void {
  authActions.showDefinitions(false);
}

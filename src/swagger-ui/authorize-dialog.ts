import { readAccessToken } from './access-token.js';
import { findPasskeyApi } from './browser-passkeys.js';
import { ClientForm } from './client-form.js';
import { closeDialog, DialogForm, type Failure } from './dialog-form.js';
import type { Login, SecondStep } from './login.js';
import { OwnPasskeys } from './own-passkeys.js';
import { PasskeyHint } from './passkey-hint.js';
import type { Component } from './react.js';
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
/** What the parts of the dialog have in common. */
export interface FormProperties {
  readonly system: SwaggerUi;
  readonly account: Account;
}

/**
 * Replaces the forms of the Authorize dialog: one logs in with a username and a password or a passkey, one takes an access token, and
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
        return React.createElement(ClientForm, { system });
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
      readAccessToken(token)?.sessionId !== undefined && React.createElement(OwnPasskeys, properties),
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
      React.createElement(TokenForm, properties),
    );
  }
  const beginAgain = (reason: string): void => {
    setFailure(reason);
    setStep(undefined);
  };
  return React.createElement(CodeForm, { ...properties, step, beginAgain });
};

/** Where the browser has no passkeys, there is no button for them. @param step that it is the second step of. */
function createPasskeyButton({ system, account }: FormProperties, step?: SecondStep) {
  const passkeys = findPasskeyApi();
  if (!passkeys) return undefined;
  const run = async (): Promise<Failure> => {
    const failure = await account.login.logInWithPasskey(passkeys, step);
    if (failure === undefined) closeDialog(system);
    return failure;
  };
  return { action: 'Use a passkey', run };
}

interface LoginFormProperties extends FormProperties {
  /** Why the login before has to begin again. */
  readonly failure: Failure;
  readonly setStep: (step: SecondStep) => void;
}

const LoginForm: Component<LoginFormProperties> = ({ system, account, failure, setStep }) =>
  system.React.createElement(DialogForm, {
    system,
    title: 'Log in',
    description:
      'With your name and password, as POST /login does, or with a passkey alone, as POST /login/passkey does.',
    note: system.React.createElement(PasskeyHint, { system }),
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
      if (result === undefined) closeDialog(system);
      return result;
    },
    beside: createPasskeyButton({ system, account }),
  });

interface CodeFormProperties extends FormProperties {
  readonly step: SecondStep;
  readonly beginAgain: (reason: string) => void;
}

const CodeForm: Component<CodeFormProperties> = ({ system, account, step, beginAgain }) =>
  system.React.createElement(DialogForm, {
    system,
    title: 'The second step',
    description: `${step.methods.includes('totp') ? 'A code of your authenticator app, or a recovery code' : 'A recovery code'}, as POST /login/second-factor takes${step.methods.includes('passkey') ? '; or a passkey of this account, or a security key' : ''}.`,
    fields: [{ label: 'Code', name: 'code', type: 'text', autoComplete: 'one-time-code' }],
    action: 'Log in',
    submit: async ({ code = '' }) => {
      const { failure, isOver } = await account.login.finish(step, code.trim());
      if (failure === undefined) closeDialog(system);
      else if (isOver) beginAgain(failure);
      return failure;
    },
    beside: step.methods.includes('passkey') ? createPasskeyButton({ system, account }, step) : undefined,
  });

const TokenForm: Component<FormProperties> = ({ system }) =>
  system.React.createElement(DialogForm, {
    system,
    title: 'Or use an access token',
    description: 'One that you have already. The page does not refresh it.',
    fields: [{ label: 'Access token', name: 'token', type: 'text', autoComplete: 'off' }],
    action: 'Use this token',
    submit: async ({ token = '' }) => {
      system.authActions.authorizeWithPersistOption({
        [tokenScheme]: { name: tokenScheme, schema: { type: 'http', scheme: 'bearer' }, value: token.trim() },
      });
      closeDialog(system);
      return Promise.resolve(undefined);
    },
  });

const LoggedIn: Component<FormProperties & { readonly token: string }> = ({ system, account, token }) => {
  const hasSession = readAccessToken(token)?.sessionId !== undefined;
  return system.React.createElement(DialogForm, {
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

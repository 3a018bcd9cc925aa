// Sign in, with the second step and passkeys; sign up; verify by code or link; a lost password.
import { useEffect, useState } from 'react';
import { PasskeyError } from '@latchkey/client';
import { Field, Form, latchkey } from './latchkey.jsx';

const newPassword = { name: 'password', type: 'password', autoComplete: 'new-password' };

/** @param acrValues which level the login must reach, where an operation has asked for another login. */
export function SignIn({ acrValues, onLogin }) {
  const [secondFactor, setSecondFactor] = useState();
  const withPasskey = (options) => latchkey.signInWithPasskey(options).then(onLogin);
  useEffect(() => {
    const form = new AbortController();
    // Passkeys are among what the browser offers in the first field. Who chooses none types a password.
    withPasskey({ autofill: true, signal: form.signal }).catch((error) => {
      if (!(error instanceof PasskeyError)) console.warn(error);
    });
    return () => form.abort();
  }, []);
  const logIn = async ({ username, password }) => {
    try {
      await latchkey.login(username, password, { acrValues });
    } catch (error) {
      if (error.code !== 'second_factor_required') throw error;
      return setSecondFactor(error.secondFactor);
    }
    return onLogin();
  };
  const finish = ({ code }) => latchkey.finishLogin(secondFactor, code).then(onLogin);
  if (secondFactor) {
    return (
      <>
        <Form title="Second step" button="Continue" onSubmit={finish}>
          <Field label="Code of your app, or a recovery code" name="code" autoComplete="one-time-code" />
        </Form>
        {secondFactor.methods.includes('passkey') && (
          <Form title="Or" button="Use a passkey" onSubmit={() => withPasskey({ secondFactor })} />
        )}
      </>
    );
  }
  return (
    <>
      <Form title="Sign in" button="Sign in" onSubmit={logIn}>
        <Field label="Name or e-mail" name="username" autoComplete="username webauthn" />
        <Field label="Password" name="password" type="password" autoComplete="current-password" />
      </Form>
      <Form title="Without a password" button="Sign in with a passkey" onSubmit={() => withPasskey()} />
    </>
  );
}

export function SignUp({ onLogin }) {
  const [typed, setTyped] = useState();
  const register = async ({ email, password }) => {
    await latchkey.register({ email, password });
    setTyped({ email, password });
  };
  const verify = async ({ code }) => {
    await latchkey.verifyEmail({ code });
    await latchkey.login(typed.email, typed.password).then(onLogin);
  };
  if (!typed) {
    return (
      <Form title="Sign up" button="Sign up" onSubmit={register}>
        <Field label="E-mail" name="email" type="email" autoComplete="username" />
        <Field label="New password" {...newPassword} />
      </Form>
    );
  }
  return (
    <Form title="Is it your address?" button="Continue" onSubmit={verify}>
      <p>Open the link that was sent to {typed.email}, or type the code that is beside it.</p>
      <Field label="Code" name="code" autoComplete="one-time-code" />
    </Form>
  );
}

export function VerifyEmail({ token, onDone }) {
  const [isElsewhere, setIsElsewhere] = useState(false);
  const verify = async ({ password }) => {
    try {
      await latchkey.verifyEmail({ token, password });
    } catch (error) {
      // Opened on another device, or somebody else has typed this address: the password is chosen here.
      if (!error.errors?.password || password !== undefined) throw error;
      return setIsElsewhere(true);
    }
    onDone('Your address is verified. Sign in.');
  };
  return (
    <Form title="Is it your address?" button="Verify my address" onSubmit={verify}>
      {isElsewhere && <Field label="New password" {...newPassword} />}
    </Form>
  );
}

export function Forgot({ onDone }) {
  const send = async ({ email }) => {
    await latchkey.api.POST('/password/forgot', { body: { email } });
    onDone('If there is such an account, a link was sent to its address.');
  };
  return (
    <Form title="Lost password" button="Send me a link" onSubmit={send}>
      <Field label="E-mail" name="email" type="email" autoComplete="username" />
    </Form>
  );
}

export function ResetPassword({ token, onDone }) {
  const reset = async ({ password }) => {
    await latchkey.api.POST('/password/reset', { body: { token, new_password: password } });
    onDone('Your password is changed. Sign in with it.');
  };
  return (
    <Form title="Choose a password" button="Change it" onSubmit={reset}>
      <Field label="New password" {...newPassword} />
    </Form>
  );
}

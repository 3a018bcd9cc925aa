// An authenticator app, and passkeys. Both ask for a login of the last five minutes.
import { useCallback, useEffect, useState } from 'react';
import { Field, Form, latchkey } from './latchkey.jsx';
import { SignIn } from './signed-out.jsx';

export function Account({ user, onChange }) {
  const [demand, setDemand] = useState();
  const [recoveryCodes, setRecoveryCodes] = useState([]);
  /** Has the user log in again where the service asks for that. */
  const stepUp = (action) => async (typed) => {
    try {
      const codes = await action(typed);
      if (codes?.length > 0) setRecoveryCodes(codes);
      await onChange();
    } catch (error) {
      if (error.code !== 'insufficient_user_authentication') throw error;
      setDemand(error.stepUp);
    }
  };
  const logOut = () => latchkey.logout().finally(onChange);
  if (demand) return <SignIn acrValues={demand.acrValues} onLogin={() => setDemand(undefined)} />;
  return (
    <>
      <p>
        Hello, {user.email ?? user.username}. <button onClick={logOut}>Sign out</button>
      </p>
      {recoveryCodes.length > 0 && (
        <section aria-label="Recovery codes">
          <p>Each of these works once in the place of your app or passkey. They are shown this once.</p>
          <pre>{recoveryCodes.join('\n')}</pre>
        </section>
      )}
      <AuthenticatorApp isSetUp={user.second_factors.includes('totp')} stepUp={stepUp} />
      <Passkeys stepUp={stepUp} />
    </>
  );
}

function AuthenticatorApp({ isSetUp, stepUp }) {
  const [begun, setBegun] = useState();
  const begin = async () => setBegun((await latchkey.api.POST('/me/second-factors/totp')).data);
  const confirm = async ({ code }) => {
    const codes = await latchkey.confirmTotp(code);
    setBegun(undefined);
    return codes;
  };
  if (isSetUp) return <p>Your authenticator app is set up.</p>;
  if (!begun) return <Form title="Authenticator app" button="Set up an app" onSubmit={stepUp(begin)} />;
  return (
    <Form title="Authenticator app" button="Confirm" onSubmit={stepUp(confirm)}>
      <img alt="QR code" src={`data:image/svg+xml,${encodeURIComponent(begun.qr_svg)}`} width="240" />
      <p>
        Scan it with your app, or type <code>{begun.secret}</code> there.
      </p>
      <Field label="Code" name="code" autoComplete="one-time-code" />
    </Form>
  );
}

function Passkeys({ stepUp }) {
  const [items, setItems] = useState([]);
  const load = useCallback(async () => setItems((await latchkey.api.GET('/me/passkeys')).data.items), []);
  useEffect(() => void load(), [load]);
  const add = async ({ name }) => {
    const added = await latchkey.registerPasskey(name);
    await load();
    return added.recovery_codes;
  };
  return (
    <Form title="Passkeys" button="Add a passkey" onSubmit={stepUp(add)}>
      <ul>
        {items.map(({ id, name }) => (
          <li key={id}>{name}</li>
        ))}
      </ul>
      <Field label="Name" name="name" defaultValue="This device" />
    </Form>
  );
}

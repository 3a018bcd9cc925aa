// Logs in, shows who is logged in, and logs out; in every tab of the site at once. The client refreshes the access token
// before it expires: once, however many tabs there are.
import { createElement as h, useCallback, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { browserStorage, LatchkeyClient, LatchkeyError } from '@latchkey/client';

const key = 'latchkey.tokens';
const latchkey = new LatchkeyClient({ baseUrl: location.origin, storage: browserStorage(key) });

/** Who is logged in: undefined while that is not known, null for nobody. */
function useUser() {
  const [user, setUser] = useState(undefined);
  const load = useCallback(async () => {
    if (!(await latchkey.tokens())) return setUser(null);
    try {
      setUser((await latchkey.api.GET('/me')).data);
    } catch (error) {
      // 401: the session has ended elsewhere. Without a response, what is shown stays.
      if (error instanceof LatchkeyError && error.status === 401) setUser(null);
    }
  }, []);
  useEffect(() => {
    load();
    // Another tab has logged in or out, or has refreshed.
    const follow = (event) => event.key === key && load();
    const timer = setInterval(load, 60_000);
    addEventListener('storage', follow);
    return () => {
      clearInterval(timer);
      removeEventListener('storage', follow);
    };
  }, [load]);
  return [user, load];
}

function Login({ onLogin }) {
  const [error, setError] = useState('');
  const submit = async (event) => {
    event.preventDefault();
    const { username, password } = Object.fromEntries(new FormData(event.target));
    try {
      await latchkey.login(username, password);
      await onLogin();
    } catch (refused) {
      setError(refused.message);
    }
  };
  return h(
    'form',
    { onSubmit: submit },
    h('label', null, 'Username ', h('input', { name: 'username', autoComplete: 'username' })),
    h(
      'label',
      null,
      'Password ',
      h('input', { name: 'password', type: 'password', autoComplete: 'current-password' }),
    ),
    h('button', null, 'Log in'),
    h('p', { role: 'alert' }, error),
  );
}

function App() {
  const [user, load] = useUser();
  const logOut = async () => {
    await latchkey.logout();
    await load();
  };
  if (user === undefined) return h('p', null, 'Loading…');
  if (user === null) return h(Login, { onLogin: load });
  return h('p', null, `Hello, ${user.username}. `, h('button', { onClick: logOut }, 'Log out'));
}

createRoot(document.getElementById('app')).render(h(App));

// The client, who is logged in, and forms. What each page does is in the other files.
import { useCallback, useEffect, useState } from 'react';
import { browserStorage, LatchkeyClient, LatchkeyError } from '@latchkey/client';

const key = 'latchkey.tokens';
export const latchkey = new LatchkeyClient({
  baseUrl: location.origin,
  storage: browserStorage(key),
  pending: localStorage, // the link of a message opens in another tab
});

/** Who is logged in: undefined while that is not known, null for nobody. */
export function useUser() {
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
    const others = new AbortController();
    addEventListener('storage', (event) => event.key === key && load(), { signal: others.signal });
    return () => others.abort();
  }, [load]);
  return [user, load];
}

/** A form: `onSubmit` gets what was typed, and what it throws is shown. */
export function Form({ title, button, onSubmit, children }) {
  const [error, setError] = useState('');
  const submit = async (event) => {
    event.preventDefault();
    setError('');
    try {
      await onSubmit(Object.fromEntries(new FormData(event.target)));
    } catch (refused) {
      setError([refused.message, ...Object.values(refused.errors ?? {})].join(' '));
    }
  };
  return (
    <form onSubmit={submit} aria-label={title}>
      <h2>{title}</h2>
      {children}
      <button>{button}</button>
      <p role="alert">{error}</p>
    </form>
  );
}

export function Field({ label, ...input }) {
  return (
    <label>
      {label} <input required {...input} />
    </label>
  );
}

// Which page is shown: those of links in messages by their path, the others by what was clicked last.
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useUser } from './latchkey.jsx';
import { Account } from './signed-in.jsx';
import { Forgot, ResetPassword, SignIn, SignUp, VerifyEmail } from './signed-out.jsx';

const pages = { 'Sign in': SignIn, 'Sign up': SignUp, 'Forgot your password?': Forgot };
const token = new URLSearchParams(location.search).get('token');
const links = { '/verify-email': VerifyEmail, '/reset-password': ResetPassword, '/forgot-password': Forgot };

function App() {
  const [user, load] = useUser();
  const [{ Page, said }, setShown] = useState({ Page: links[location.pathname] ?? SignIn });
  const show = (Page, said) => {
    history.replaceState(null, '', '/'); // a token is for nobody else to see
    setShown({ Page, said });
  };
  const change = () => load().then(() => show(SignIn));
  if (user === undefined) return <p>Loading…</p>;
  if (user && !(location.pathname in links)) return <Account user={user} onChange={change} />;
  return (
    <>
      <nav>
        {Object.entries(pages).map(([name, Page]) => (
          <button key={name} onClick={() => show(Page)}>
            {name}
          </button>
        ))}
      </nav>
      <p role="status">{said}</p>
      <Page token={token} onLogin={change} onDone={(text) => show(SignIn, text)} />
    </>
  );
}

createRoot(document.getElementById('app')).render(<App />);

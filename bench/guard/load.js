// Requests at a steady rate, whether or not the answers keep up: to the service and to the API behind the guard.
import { good, ask, summary } from './service.js';

const { SERVICES, API, TOKENS, RATE } = process.env;
const services = SERVICES.split(' ');
const sessions = TOKENS.split(' ').map((each) => {
  const [access, refresh] = each.split('|');
  return { access, refresh, refreshing: false };
});
const every = 10;
const counts = { protected: 0, guarded: 0, refresh: 0 };
const times = [];
let sent = 0;
let failed = 0;

/** Of ten requests four go to the service, five to the API behind the guard, and one refreshes a session. */
async function one(number) {
  const session = sessions[number % sessions.length];
  const service = services[number % services.length];
  const kind = number % 10 < 4 ? 'protected' : number % 10 < 9 ? 'guarded' : 'refresh';
  if (kind === 'refresh' && session.refreshing) return;
  const begun = performance.now();
  if (kind === 'refresh') {
    session.refreshing = true;
    const tokens = await good('POST', `${service}/refresh`, { body: { refresh_token: session.refresh } });
    Object.assign(session, { access: tokens.access_token, refresh: tokens.refresh_token, refreshing: false });
  } else {
    const { status, text } = await ask('GET', kind === 'guarded' ? API : `${service}/protected`, {
      token: session.access,
    });
    if (status !== 200) throw new Error(`${kind}: ${status} ${text}`);
  }
  counts[kind] += 1;
  times.push(performance.now() - begun);
}

const begun = performance.now();
setInterval(() => {
  const due = ((performance.now() - begun) / 1000) * Number(RATE);
  for (; sent < due; sent += 1) {
    one(sent).catch((error) => {
      failed += 1;
      console.error(error.message);
    });
  }
}, every);

process.once('SIGTERM', () => {
  const seconds = (performance.now() - begun) / 1000;
  const rates = Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, count / seconds]));
  process.stdout.write(
    `\nresult ${JSON.stringify({ seconds, rates, failed, times: summary(times) })}\n`,
    () => process.exit(0),
  );
});
console.log('ready');

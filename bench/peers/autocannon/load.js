// The load where wrk is not installed. Takes the words that the scripts for wrk take, after the script's name, the
// server's URL, the connections and the seconds; prints the same line.
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const [, , script, url, connections, seconds, ...words] = process.argv;
const linesOf = (file) => readFileSync(file, 'utf8').trimEnd().split('\n');
const json = { 'Content-Type': 'application/json' };

const scripts = {
  requests: (method, path, what, file) => {
    const base = { method, path };
    const requests =
      what === '-'
        ? [base]
        : linesOf(file).map((line) =>
            what === 'body' ? { ...base, headers: json, body: line } : { ...base, headers: { [what]: line } },
          );
    let position = 0;
    return {
      setupRequest: (request) => ({ ...request, ...requests[position++ % requests.length] }),
    };
  },
  refresh: (path, file) => {
    const tokens = linesOf(file);
    return {
      setupRequest: (request) => {
        const token = tokens.shift();
        if (token === undefined) {
          throw new Error('Every refresh token is under way or lost: too many requests failed.');
        }
        const body = JSON.stringify({ refresh_token: token });
        return { ...request, method: 'POST', path, headers: json, body };
      },
      onResponse: (status, body) => {
        if (status === 200) tokens.push(JSON.parse(body).refresh_token);
      },
    };
  },
};

const pause = script === 'requests' ? Number(words[4]) : 0;
const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  timeout: 10,
  requests: [scripts[script](...words)],
  ...(pause > 0 && { overallRate: Math.round((Number(connections) * 1000) / pause) }),
});
const { latency, requests, duration, errors, timeouts, non2xx } = result;
const figures = {
  requests: requests.total,
  seconds: duration,
  p50: latency.p50,
  p99: latency.p99,
  max: latency.max,
  failures: errors + timeouts + non2xx,
};
console.log(`RESULT ${JSON.stringify(figures)}`);

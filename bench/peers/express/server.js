// Express without authentication. The argument says how much of it: "default", "lean" (no ETag, no X-Powered-By), or
// "headers" (lean, and it sends the headers that Latchkey sends).
import { randomUUID } from 'node:crypto';
import express from 'express';

const [, , kind] = process.argv;
const app = express();

if (kind !== 'default') {
  app.disable('etag');
  app.disable('x-powered-by');
}

if (kind === 'headers') {
  const headers = Object.entries({
    'Content-Security-Policy': "default-src 'none';frame-ancestors 'none'",
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Origin-Agent-Cluster': '?1',
    'Referrer-Policy': 'no-referrer',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'X-Content-Type-Options': 'nosniff',
    'X-DNS-Prefetch-Control': 'off',
    'X-Download-Options': 'noopen',
    'X-Frame-Options': 'SAMEORIGIN',
    'X-Permitted-Cross-Domain-Policies': 'none',
    'X-XSS-Protection': '0',
    'Cache-Control': 'no-store',
  });
  app.use((request, response, next) => {
    response.setHeader('X-Request-Id', randomUUID());
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  });
}

app.get('/protected', (request, response) => {
  response.json({ message: 'This is a protected endpoint.' });
});

app.listen(Number(process.env.PORT), '127.0.0.1');

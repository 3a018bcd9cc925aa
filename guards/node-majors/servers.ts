// The same operations in each major version of each framework. Node runs this file as it is, and tsc checks that what
// the guard gives fits each framework's own types.
import express4 from 'express4';
import express5 from 'express5';
import { fastify as fastify4 } from 'fastify4';
import { fastify as fastify5 } from 'fastify5';
import { createServer, type Server } from 'node:http';
import type { Guard } from '../../dist/src/guard/guard.js';

/** A server that listens on a port of its own. */
interface Running {
  readonly url: string;
  close(): Promise<void>;
}

export const servers: Readonly<Record<string, (latchkey: Guard) => Promise<Running>>> = {
  'Express 4': (latchkey) => {
    const app = express4();
    app.get('/any', latchkey.requires(), (request, response) => {
      response.json({ subject: latchkey.caller(request).subject });
    });
    app.get('/reports', latchkey.requires('reports:read'), (request, response) => {
      response.json({ subject: latchkey.caller(request).subject });
    });
    return listen(createServer(app));
  },
  'Express 5': (latchkey) => {
    const app = express5();
    app.use('/any', latchkey.requires());
    app.get('/any', (request, response) => {
      response.json({ subject: latchkey.caller(request).subject });
    });
    app.get('/reports', latchkey.requires('reports:read'), (request, response) => {
      response.json({ subject: latchkey.caller(request).subject });
    });
    return listen(createServer(app));
  },
  'Fastify 4': async (latchkey) => {
    const app = fastify4();
    app.get('/any', { onRequest: latchkey.requires() }, (request, reply) => {
      return reply.send({ subject: latchkey.caller(request).subject });
    });
    app.get('/reports', { onRequest: [latchkey.requires('reports:read')] }, (request, reply) => {
      return reply.send({ subject: latchkey.caller(request).subject });
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    return { url, close: () => app.close() };
  },
  'Fastify 5': async (latchkey) => {
    const app = fastify5();
    app.get('/any', { onRequest: latchkey.requires() }, async (request) => {
      return { subject: latchkey.caller(request).subject };
    });
    await app.register(async (reports) => {
      reports.addHook('onRequest', latchkey.requires('reports:read'));
      reports.get('/reports', async (request) => ({ subject: latchkey.caller(request).subject }));
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    return { url, close: () => app.close() };
  },
  'node:http': (latchkey) => {
    const [any, reports] = [latchkey.requires(), latchkey.requires('reports:read')];
    return listen(
      createServer((request, response) => {
        (request.url === '/any' ? any : reports)(request, response, () => {
          response.setHeader('Content-Type', 'application/json');
          response.end(JSON.stringify({ subject: latchkey.caller(request).subject }));
        });
      }),
    );
  },
};

function listen(server: Server): Promise<Running> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.closeAllConnections();
          server.close(() => closed());
        });
      resolve({ url: `http://127.0.0.1:${port}`, close });
    });
  });
}

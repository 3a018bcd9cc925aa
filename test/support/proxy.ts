import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { noteClosed, noteOpened } from './opened.js';

/** A reverse proxy that serves each service below a path, which it removes and sends in a header. */
export class PrefixProxy {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  /** @param services path → URL: `{ '/auth': 'http://127.0.0.1:3000' }`. */
  static async start(services: Readonly<Record<string, string>>): Promise<PrefixProxy> {
    const server = createServer((incoming, outgoing) => {
      const { url = '', method, headers } = incoming;
      const [prefix, service] = Object.entries(services).find(([path]) => below(path, url)) ?? [];
      if (prefix === undefined || service === undefined) {
        outgoing.writeHead(404).end();
        return;
      }
      const onward = request(service, {
        path: url.slice(prefix.length) || '/',
        method,
        headers: { ...headers, 'x-forwarded-prefix': prefix },
      });
      onward.on('response', (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return noteOpened(new PrefixProxy(server, `http://127.0.0.1:${port}`));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    noteClosed(this);
  }
}

function below(prefix: string, url: string): boolean {
  return url === prefix || url.startsWith(`${prefix}/`);
}

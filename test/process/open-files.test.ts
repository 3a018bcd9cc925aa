import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { reservePort } from '../support/ports.js';
import { RawConnection } from '../support/raw-connection.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';

const preload = new URL('../support/used-up-files.js', import.meta.url).href;
/** Of `ulimit -n`. */
const openFiles = 200;

interface Answer {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

describe('A service that can open no more files', () => {
  /** One connection to each port, which there is before. */
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let service: ServiceProcess;
  let main: number;
  let metrics: number;

  before(async () => {
    metrics = await reservePort();
    const installation = await Installation.make({
      NODE_OPTIONS: `--import=${preload}`,
      LATCHKEY_METRICS_PORT: String(metrics),
    });
    main = installation.port;
    service = await installation.start({ openFiles });
  });
  after(() => {
    agent.destroy();
    return endProcesses();
  });

  const send = async (port: number, path: string, body?: object): Promise<Answer> => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { agent, port, path, method: body ? 'POST' : 'GET', headers: {} };
      if (body) options.headers = { 'Content-Type': 'application/json' };
      request(options, resolve)
        .once('error', reject)
        .end(body && JSON.stringify(body));
    });
    const { statusCode: status, headers } = response;
    return { status, retryAfter: headers['retry-after'], body: await text(response) };
  };

  it('responds 503 where it needs one, and to everything else as before, and logs that once', async () => {
    expect(await send(main, '/health/live')).to.include({ status: 200 });
    expect(await send(metrics, '/health/ready')).to.include({ status: 200 });
    service.signal('SIGUSR2');
    await service.waitForLine('files are open');
    // Its first body.
    expect(await send(main, '/login', { username: 'nobody', password: 'wrong' })).to.include({ status: 401 });
    for (let times = 0; times < 3; times += 1) {
      const page = await send(main, '/docs/');
      expect(page).to.include({ status: 503, retryAfter: '1' });
      expect(JSON.parse(page.body)).to.include({ code: 'not_ready' });
      expect(await send(metrics, '/metrics')).to.include({ status: 503, retryAfter: '1' });
    }
    service.signal('SIGUSR2');
    await service.waitForLine('they are closed');
    expect(await send(main, '/docs/')).to.include({ status: 200 });
    expect(await send(metrics, '/metrics')).to.include({ status: 200 });
    // Logged last of all.
    await service.waitForLine('LATCHKEY_METRICS_PORT works again');
    const failures = service.stdout.split('\n').filter((line) => line.includes('EMFILE'));
    expect(failures.map((line) => (JSON.parse(line) as { msg: string }).msg)).to.deep.equal([
      'opening a file failed',
      'a request to LATCHKEY_METRICS_PORT failed',
    ]);
  });

  it('has files left for that while it has as many connections as it takes', async () => {
    const opened = await Promise.all(
      Array.from({ length: openFiles }, (_, index) =>
        RawConnection.open(`http://127.0.0.1:${index % 2 === 0 ? main : metrics}`),
      ),
    );
    for (const url of [`http://127.0.0.1:${main}/docs/`, `http://127.0.0.1:${metrics}/metrics`])
      expect((await fetch(url)).status, url).to.equal(200);
    for (const each of opened) each.destroy();
    expect(service.stdout).not.to.include('accepting connections failed');
  });
});

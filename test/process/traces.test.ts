import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { adminPassword } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { endProcesses, Installation, type ServiceProcess } from '../support/service-process.js';
import { until } from '../support/until.js';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const hidden = 'a-name-that-nobody-has';
const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';

describe('A service with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  let collector: Server;
  let service: ServiceProcess;
  const received: { readonly path: string; readonly text: string }[] = [];
  before(async () => {
    collector = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => (text += part));
      request.on('end', () => {
        received.push({ path: request.url ?? '', text });
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const installation = await Installation.make({
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      LATCHKEY_REQUEST_LOG: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OTEL_SERVICE_NAME: 'login',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    service = await installation.start();
  });
  after(async () => {
    await endProcesses();
    await new Promise((resolve) => collector.close(resolve));
  });

  const requests = (): OtlpRequest[] => received.map(({ text }) => JSON.parse(text) as OtlpRequest);
  const spans = (): OtlpSpan[] =>
    requests().flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  const find = (name: string): OtlpSpan | undefined => spans().find((span) => span.name === name);

  it('sends a span of each request, with those of its statements and of its password below it', async () => {
    await service.api.login();
    await until(() => find('POST /login') !== undefined);
    const login = find('POST /login');
    const below = spans().filter(({ parentSpanId }) => parentSpanId === login?.spanId);
    expect(below.map(({ name }) => name)).to.include.members(['SELECT', 'hash password']);
    expect(received[0]?.path).to.equal('/v1/traces');
    const [{ resourceSpans } = { resourceSpans: [] }] = requests();
    expect(resourceSpans[0]?.resource.attributes).to.deep.include.members([
      { key: 'service.name', value: { stringValue: 'login' } },
      { key: 'deployment.environment.name', value: { stringValue: 'test' } },
    ]);
  });

  it('continues the trace of its caller, whose id is in the log', async () => {
    const { access_token: token } = await service.api.login();
    await service.api
      .get(`/users?name=${hidden}`, token)
      .set('traceparent', `00-${traceId}-${parentId}-01`)
      .expect(200);
    await until(() => find('GET /users') !== undefined);
    expect(find('GET /users')).to.include({ traceId, parentSpanId: parentId });
    expect(JSON.parse(await service.waitForLine('"operation":"listUsers"'))).to.include({ traceId });
  });

  it('sends no password, no token, no value of a query and none of a statement', async () => {
    const { access_token: access, refresh_token: refresh } = await service.api.login();
    await service.api.post('/refresh', { refresh_token: refresh }).expect(200);
    await service.api.get(`/users?name=${hidden}`, access).expect(200);
    await until(() => find('POST /refresh') !== undefined);
    const text = received.map((each) => each.text).join('');
    for (const secret of [adminPassword, access, refresh, hidden]) expect(text).not.to.include(secret);
  });
});

describe('A service with OpenTelemetry’s variables, and without its packages', () => {
  after(endProcesses);

  /** Another package in place of one of its. */
  async function installWith(other: string): Promise<Installation> {
    const installation = await Installation.make({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' });
    const hook = join(installation.folder, 'hook.mjs');
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module';
registerHooks({
  resolve: (name, context, next) => next(name.replace('@opentelemetry/sdk-trace', '${other}'), context),
});\n`,
    );
    return installation.with({ NODE_OPTIONS: `--import=${pathToFileURL(hook).href}` });
  }

  function describeMissing(): string {
    const { dependencies, tracePackages } = JSON.parse(
      readFileSync(join(checkout, 'package.json'), 'utf8'),
    ) as Record<'dependencies' | 'tracePackages', Record<string, string>>;
    const packages = Object.entries({ ...dependencies, ...tracePackages })
      .filter(([name]) => name.startsWith('@opentelemetry/'))
      .map(([name, version]) => `${name}@${version}`);
    expect(packages).to.have.length(6);
    return `OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, but OpenTelemetry's packages, which are optional, are not installed in the versions that are needed. Install them (npm install --save-prod ${packages.join(' ')}), or turn traces off: remove the variable, or set OTEL_SDK_DISABLED=true.`;
  }

  it('does not start, and says which variable asks for them and how to install them', async () => {
    const installation = await installWith('@opentelemetry/not-there');
    const { stderr, exitCode } = await installation.run(['start']);
    expect(stderr.trimEnd()).to.equal(describeMissing());
    expect(exitCode).to.equal(1);
  });

  it('says the same of a package that lacks what is imported, as another version may', async () => {
    const installation = await installWith('@opentelemetry/core');
    const { stderr, exitCode } = await installation.run(['start']);
    expect(stderr.trimEnd()).to.equal(describeMissing());
    expect(exitCode).to.equal(1);
  });

  it('is found by config check, which is right where traces are disabled', async () => {
    const installation = await installWith('@opentelemetry/not-there');
    const { stdout, stderr, exitCode } = await installation.run(['config', 'check']);
    expect(stderr.trimEnd()).to.equal(describeMissing());
    expect(stdout).not.to.include('are right');
    expect(exitCode).to.equal(3);
    const disabled = await installation.with({ OTEL_SDK_DISABLED: 'true' }).run(['config', 'check']);
    expect(disabled).to.include({ exitCode: 0, stderr: '' });
  });
});

describe('A service without OpenTelemetry’s variables', () => {
  after(endProcesses);

  it('loads nothing of it', async () => {
    const installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    const list = join(installation.folder, 'loaded');
    const hook = join(installation.folder, 'hook.mjs');
    // Loaded by import and by require alike.
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module';
import { writeFileSync } from 'node:fs';
const loaded = [];
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
process.on('exit', () => writeFileSync(${JSON.stringify(list)}, loaded.join('\\n')));\n`,
    );
    const service = await installation.with({ NODE_OPTIONS: `--import=${pathToFileURL(hook).href}` }).start();
    await service.api.login();
    await service.end();
    expect(existsSync(list)).to.equal(true);
    const loaded = readFileSync(list, 'utf8').split('\n');
    expect(loaded.some((url) => url.includes('/observability/load-tracing.js'))).to.equal(true);
    expect(loaded.filter((url) => /opentelemetry|open-telemetry/.test(url))).to.deep.equal([]);
  });
});

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';
import { hasPython, PythonEnvironment } from '../support/python.js';
import { hasProgram, proxies } from './proxies.js';
import { readConfig } from '../../src/config/config.js';

const deploy = join(checkout, 'deploy');
const python = new PythonEnvironment('deploy-venv');

function read(file: string): string {
  return readFileSync(join(deploy, file), 'utf8');
}

interface Compose {
  readonly 'x-latchkey': { readonly environment: Readonly<Record<string, string>> };
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const compose = parse(read('compose/compose.yaml'), { merge: true }) as Compose;

interface ConfigMap {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
}

interface NetworkPolicy {
  readonly kind: string;
  readonly spec: {
    readonly ingress: readonly {
      readonly from: readonly object[];
      readonly ports: readonly { readonly port: string }[];
    }[];
  };
}

describe('The files of deploy/', () => {
  const folder = temporaryFolder();

  describe('by tools of Python', () => {
    before(function () {
      this.timeout(120_000);
      if (!hasPython()) {
        console.warn(
          'There is no python3 with venv: install it, so that Dockerfile and manifests are checked.',
        );
        this.skip();
      }
      python.prepare(join(checkout, 'test/deploy/requirements.txt'));
    });

    it('have a Dockerfile that hadolint finds nothing in', () => {
      expect(python.try('hadolint', [join(deploy, 'Dockerfile')], {})).to.deep.equal({
        output: '',
        exitCode: 0,
      });
    });

    it('have a compose file by the schema of the Compose Specification, without unknown fields', () => {
      // It brings the schema along.
      const { output, exitCode } = python.try(
        'check-jsonschema',
        ['--builtin-schema', 'vendor.compose-spec', join(deploy, 'compose/compose.yaml')],
        {},
      );
      expect(exitCode, output).to.equal(0);
    });

    it('have manifests by the schemas of Kubernetes, without unknown fields', () => {
      const { output, exitCode } = python.try(
        'kubernetes-validate',
        ['--strict', join(deploy, 'kubernetes/latchkey.yaml')],
        {},
      );
      expect(exitCode, output).to.equal(0);
    });
  });

  it('have a unit that systemd-analyze finds nothing in', function () {
    if (!hasProgram('systemd-analyze')) this.skip();
    const file = folder.path('latchkey.service');
    cpSync(join(deploy, 'systemd/latchkey.service'), file);
    // It exits with 0 whatever it says.
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], {
      encoding: 'utf8',
    });
    const said = `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line !== '' && !line.includes('node is not executable'));
    expect(said).to.deep.equal([]);
    const { stdout: report } = spawnSync('systemd-analyze', ['security', '--offline=true', file], {
      encoding: 'utf8',
    });
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(report)?.[1]);
    expect(exposure, 'of 10, where 0 is the best').to.be.below(2);
  });

  for (const proxy of proxies) {
    it(`have a configuration that ${proxy.name} accepts`, function () {
      if (!hasProgram(proxy.program)) this.skip();
      const { check } = proxy.configure(folder.path('.'), { own: 1443, redirect: 1080, replicas: [1, 2] });
      const { status, stderr } = spawnSync(proxy.program, check, { encoding: 'utf8' });
      expect(status, stderr).to.equal(0);
    });
  }

  it('have settings that the service accepts', () => {
    const [configMap] = parseAllDocuments(read('kubernetes/latchkey.yaml')).map(
      (document) => document.toJS() as ConfigMap,
    );
    const ofCompose = compose['x-latchkey'].environment;
    for (const given of [
      configMap?.data ?? {},
      { ...ofCompose, LATCHKEY_ISSUER: 'https://login.example.com' },
    ]) {
      const environment = Object.fromEntries(
        Object.entries(given).filter(([name]) => !name.endsWith('_FILE')),
      );
      const config = readConfig({
        ...environment,
        DATABASE_URL: 'postgres://127.0.0.1/latchkey',
        LATCHKEY_SECRET: 'a secret of the tests, long enough',
      });
      expect(config).to.include({ listen: 'when_ready', shutdownDelay: 5 });
      expect(Object.keys(given)).to.include.members([
        'DATABASE_URL_FILE',
        'LATCHKEY_SECRET_FILE',
        'LATCHKEY_ADMIN_PASSWORD_FILE',
      ]);
    }
  });

  it('give an image nothing of what prepare.sh makes', () => {
    const ignored = read('Dockerfile.dockerignore').split('\n');
    for (const made of ['secrets', 'certificates']) expect(ignored).to.include(`deploy/compose/${made}`);
    expect(ignored).to.include('**/.env');
  });

  it('let Prometheus alone reach the metrics of both replicas', () => {
    expect(compose['x-latchkey'].environment).to.include({ LATCHKEY_METRICS_PORT: '9464' });
    expect(read('compose/compose.yaml')).not.to.match(/ports:.*9464/);
    const documents = parseAllDocuments(read('kubernetes/latchkey.yaml')).map(
      (document) => document.toJS() as NetworkPolicy,
    );
    const policy = documents.find(({ kind }) => kind === 'NetworkPolicy');
    const toMetrics = policy?.spec.ingress.filter(({ ports }) =>
      ports.some(({ port }) => port === 'metrics'),
    );
    expect(toMetrics).to.deep.equal([
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        ports: [{ port: 'metrics' }],
      },
    ]);
  });

  it('have a command for systemd that reads the settings as the unit does', () => {
    const shown = folder.path('shown');
    const script = read('systemd/latchkey')
      .replaceAll('/opt/latchkey', folder.path('.'))
      .replaceAll('/etc/latchkey', folder.path('.'))
      .replaceAll('/var/lib/latchkey', folder.path('.'))
      .replace(/^exec setpriv .*$/m, `env > ${shown}; printf '%s\\n' "$@" >> ${shown}`);
    writeFileSync(folder.path('secret'), 'a secret of the tests\n');
    writeFileSync(
      folder.path('latchkey.env'),
      '# a comment\n\nLATCHKEY_ISSUER="https://login.example.com"\nLATCHKEY_ADMIN_USERNAME=the boss = $HOME',
    );
    const { status, stderr } = spawnSync('sh', ['-c', script, 'latchkey', 'users', 'create', 'a b'], {
      encoding: 'utf8',
    });
    expect(status, stderr).to.equal(0);
    const lines = readFileSync(shown, 'utf8').split('\n');
    expect(lines).to.include.members([
      'LATCHKEY_ISSUER=https://login.example.com',
      'LATCHKEY_ADMIN_USERNAME=the boss = $HOME',
      'LATCHKEY_SECRET=a secret of the tests',
      `DATABASE_URL=sqlite:${folder.path('.')}/latchkey.db`,
    ]);
    expect(lines.slice(-4)).to.deep.equal(['users', 'create', 'a b', '']);
  });

  it('have two replicas in the compose file that may write nowhere and have no capabilities of root', () => {
    for (const name of ['latchkey-1', 'latchkey-2']) {
      expect(compose.services[name]).to.deep.include({
        read_only: true,
        tmpfs: ['/tmp'],
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        stop_grace_period: '20s',
      });
    }
  });

  it('have a script that makes what the compose file names, readable for its user alone, and keeps it', function () {
    if (!hasProgram('openssl')) this.skip();
    const copy = folder.path('deploy');
    cpSync(deploy, copy, { recursive: true });
    const prepare = (): void => {
      const { status, stderr } = spawnSync(join(copy, 'compose/prepare.sh'), ['auth.example.org'], {
        encoding: 'utf8',
      });
      expect(status, stderr).to.equal(0);
    };
    prepare();
    const made = (file: string): string => readFileSync(join(copy, 'compose', file), 'utf8');
    const secrets = Object.values(compose.secrets).map(({ file }) => file);
    const before = secrets.map(made);
    for (const file of secrets.filter((each) => !each.endsWith('postgres-password')))
      expect(statSync(join(copy, 'compose', file)).mode & 0o777, file).to.equal(0o400);
    expect(statSync(join(copy, 'compose/secrets')).mode & 0o777).to.equal(0o700);
    expect(made('secrets/database-url')).to.equal(
      `postgres://latchkey:${made('secrets/postgres-password')}@postgres:5432/latchkey`,
    );
    expect(made('secrets/latchkey-secret')).to.have.length.above(31);
    expect(made('.env')).to.match(/^LATCHKEY_USER=\d+:\d+\nLATCHKEY_ISSUER=https:\/\/auth\.example\.org\n$/);
    expect(made('nginx.conf')).to.include('server latchkey-1:3000 max_fails=0;');
    expect(made('nginx.conf')).to.include('server_name auth.example.org;');
    expect(made('nginx.conf')).not.to.match(/127\.0\.0\.1|login\.example/);
    expect(made('certificates/auth.example.org.crt')).to.include('BEGIN CERTIFICATE');
    prepare();
    expect(secrets.map(made)).to.deep.equal(before);
  });
});

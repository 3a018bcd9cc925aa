import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../support/checkout.js';
import { makeCertificate } from '../support/certificate.js';

/** A proxy of deploy/, as it is there but for host name, ports and certificate. */
export interface Proxy {
  readonly name: string;
  readonly program: string;
  /** The lines of its log about a replica that is back, where it checks for that. */
  readonly returned?: (port: number) => RegExp;
  /** @returns the arguments that make the program check a configuration, and those that run it. */
  readonly configure: (
    folder: string,
    ports: ProxyPorts,
  ) => { readonly check: string[]; readonly run: string[] };
}

export interface ProxyPorts {
  readonly own: number;
  readonly redirect: number;
  readonly replicas: readonly [number, number];
}

export const host = 'localhost';

function readShipped(file: string, { replicas: [one, other] }: ProxyPorts): string {
  return readFileSync(join(checkout, 'deploy', file), 'utf8')
    .replaceAll('login.example.com', host)
    .replace('127.0.0.1:3001', `127.0.0.1:${one}`)
    .replace('127.0.0.1:3002', `127.0.0.1:${other}`);
}

export const proxies: readonly Proxy[] = [
  {
    name: 'nginx',
    program: 'nginx',
    configure: (folder, ports) => {
      makeCertificate(folder, host);
      const shipped = readShipped('nginx/latchkey.conf', ports)
        .replaceAll('/etc/nginx/certificates', folder)
        .replace('listen 80;', `listen 127.0.0.1:${ports.redirect};`)
        .replace('listen 443 ssl;', `listen 127.0.0.1:${ports.own} ssl;`);
      const file = join(folder, 'nginx.conf');
      writeFileSync(
        file,
        `daemon off; pid ${folder}/nginx.pid; error_log stderr crit; events {}
         http { access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
           uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n${shipped}\n}`,
      );
      const run = ['-p', folder, '-e', 'stderr', '-c', file];
      return { check: ['-t', ...run], run };
    },
  },
  {
    name: 'Caddy',
    program: 'caddy',
    returned: (port) => new RegExp(`"host is up","host":"127\\.0\\.0\\.1:${port}"`, 'g'),
    configure: (folder, ports) => {
      const { certificateFile, keyFile } = makeCertificate(folder, host);
      const shipped = readShipped('caddy/Caddyfile', ports).replace(
        /^localhost \{/m,
        `https://${host}:${ports.own} {\n  tls ${certificateFile} ${keyFile}`,
      );
      const file = join(folder, 'Caddyfile');
      writeFileSync(file, `{\n  admin off\n  auto_https off\n}\n${shipped}`);
      const run = ['--adapter', 'caddyfile', '--config', file];
      return { check: ['validate', ...run], run: ['run', ...run] };
    },
  },
];

/** A running proxy, and what it has written to its log. */
export class RunningProxy {
  readonly #process: ChildProcess;
  #log = '';

  constructor(
    private readonly proxy: Proxy,
    parameters: readonly string[],
  ) {
    this.#process = spawn(proxy.program, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
  }

  /** How often it has found out that a replica is back; undefined: it only notices when it sends a request. */
  countReturns(port: number): number | undefined {
    return this.proxy.returned && [...this.#log.matchAll(this.proxy.returned(port))].length;
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }
}

/** Whether a program is there; where not, it says so. */
export function hasProgram(program: string): boolean {
  if (!spawnSync(program, ['-h']).error) return true;
  console.warn(`There is no ${program}: install it, so that its configuration can be tried.`);
  return false;
}

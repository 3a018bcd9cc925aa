import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../latchkey/steady-load.ts', import.meta.url));
const rate = 200;
/** Of a response to GET /protected, in milliseconds. */
const delay = 500;

describe('The steady load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-test-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('does not wait for responses, and counts each that is not the expected one', async () => {
    const asked = { protected: 0, guarded: 0, refresh: 0 };
    let waiting = 0;
    let mostWaiting = 0;
    let refused = 0;
    const server = createServer((request, response) => {
      request.resume();
      if (request.url === '/protected') {
        asked.protected += 1;
        mostWaiting = Math.max(mostWaiting, ++waiting);
        setTimeout(() => {
          waiting -= 1;
          response.end('{}');
        }, delay);
      } else if (request.url === '/refresh') {
        asked.refresh += 1;
        response.end(JSON.stringify({ access_token: 'b', refresh_token: `r${asked.refresh}` }));
      } else {
        asked.guarded += 1;
        if (asked.guarded % 10 === 0) {
          refused += 1;
          response.statusCode = 503;
        }
        response.end('{}');
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [accessTokens, refreshTokens] = [join(folder, 'access-tokens'), join(folder, 'refresh-tokens')];
    writeFileSync(accessTokens, 'Bearer a\nBearer a\nBearer a\n');
    writeFileSync(refreshTokens, 'r\nr\nr\n');

    const child = spawn(
      process.execPath,
      [program, url, url, accessTokens, refreshTokens, '3', String(rate)],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    while (asked.guarded < rate && child.exitCode === null) await wait(10);
    child.kill('SIGTERM');
    await once(child, 'close');
    server.close();

    expect(output).to.match(/^BEGUN$/m);
    const [, json = ''] = /^RESULT (.*)$/m.exec(output) ?? [];
    const { perSecond, failures, p99 } = JSON.parse(json);
    expect(failures).to.equal(refused).and.to.be.above(0);
    // One connection, or a few that wait for their responses, would have sent a handful meanwhile.
    expect(mostWaiting).to.be.above(10);
    expect(asked.refresh).to.be.above(0);
    expect(perSecond.guarded).to.be.above(perSecond.protected);
    expect(p99).to.be.at.least(delay * 0.9);
  });
});

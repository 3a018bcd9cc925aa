import { join } from 'node:path';
import { expect } from 'chai';
import { adminPassword } from '../support/api-client.js';
import { hasPython, PythonEnvironment } from '../support/python.js';
import { checkout } from '../support/checkout.js';
import { endProcesses, Installation } from '../support/service-process.js';

/** Minimum number of requests of Schemathesis: with fewer it has stopped half-way. */
const leastCases = 1000;

const environment = new PythonEnvironment('interop-venv');

describe('The service, with Schemathesis', () => {
  before(function () {
    if (!hasPython()) {
      console.warn('There is no python3 with venv: install it, so that Schemathesis can try the contract.');
      this.skip();
    }
    environment.prepare(join(checkout, 'test/interop/requirements.txt'));
  });
  after(endProcesses);

  it('responds to valid and invalid requests as the contract says', async function () {
    this.timeout(600_000);
    const installation = await Installation.make({
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      LOG_LEVEL: 'fatal',
      // It guesses many passwords.
      LATCHKEY_LOGIN_FREE_ATTEMPTS: '1000000',
      LATCHKEY_LOGIN_FREE_ATTEMPTS_PER_ADDRESS: '1000000',
    });
    const { api } = await installation.start();
    const { access_token: token } = await api.login();
    const { body: me } = await api.get('/me', token).expect(200);

    const { output, exitCode } = environment.try(
      'st',
      ['run', `${api.url}/openapi.json`, '--seed', '1', '--no-color', '--continue-on-failure'],
      {
        folder: join(checkout, 'test/interop/schemathesis'),
        settings: {
          PYTHONDONTWRITEBYTECODE: '1',
          LATCHKEY_URL: api.url,
          LATCHKEY_ACCOUNT: (me as { id: string }).id,
          LATCHKEY_ADMIN_PASSWORD: adminPassword,
        },
      },
    );
    const shortened = output.replaceAll(/(.{400}).+/g, '$1…');
    expect(exitCode, shortened).to.equal(0);
    const [, cases] = /(\d+) generated/.exec(output) ?? [];
    expect(Number(cases), shortened).to.be.at.least(leastCases);
  });
});

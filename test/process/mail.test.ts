import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.js';
import { readConfig } from '../../src/config/config.js';
import project from '../../src/project.js';
import { openInstallation } from '../../src/server/installation.js';
import type { Services } from '../../src/server/services.js';
import { adminPassword } from '../support/api-client.js';
import { MailServer } from '../support/mail-server.js';
import { endProcesses, Installation } from '../support/service-process.js';
import { until } from '../support/until.js';

describe('Messages of a service that is killed with SIGKILL', () => {
  let server: MailServer;
  before(async () => {
    server = await MailServer.start();
  });
  after(async () => {
    await endProcesses();
    await server.close();
  });

  it('are sent after its next start; twice, under one Message-ID, only where it was killed before the reply', async () => {
    const settings = {
      LATCHKEY_ADMIN_PASSWORD: adminPassword,
      LATCHKEY_SECRET: 'a secret of the tests, long enough',
      LATCHKEY_SMTP_URL: server.url,
      LATCHKEY_MAIL_FROM: 'no-reply@example.com',
      LATCHKEY_APP_URL: 'https://app.example.com',
    };
    const installation = await Installation.make(settings);
    const environment = {
      ...settings,
      DATABASE_URL: `sqlite:${join(installation.folder, 'data/latchkey.db')}`,
    };
    const withServices = async <T>(work: (services: Services) => Promise<T>): Promise<T> => {
      const log = pino({ level: 'silent' });
      const services = await openInstallation(readConfig(environment), systemClock, log, '', project);
      try {
        return await work(services);
      } finally {
        await services.database.close();
      }
    };
    const enqueue = (address: string): Promise<void> =>
      withServices(({ outbox, database }) =>
        outbox.enqueue(database.queries, {
          template: 'password_reset',
          to: { address },
          variables: { link: 'https://app.example/reset?token=x', minutes: 30 },
        }),
      );
    const isMarked = (address: string): Promise<boolean> =>
      withServices(async ({ outbox, database }) =>
        (await outbox.list(database.queries, { limit: 10 })).some(
          (row) => row.address === address && row.state === 'sent',
        ),
      );
    const countOf = (address: string): number => server.received.filter(({ to }) => to[0] === address).length;

    let service = await installation.start();
    await enqueue('marked@example.net');
    await until(() => isMarked('marked@example.net'));
    // The server has the message, and its reply comes too late.
    server.onMessage = async ({ to }) => {
      if (to[0] === 'undecided@example.net' && countOf('undecided@example.net') === 0)
        await service.end('SIGKILL');
      return undefined;
    };
    await enqueue('undecided@example.net');
    await until(() => countOf('undecided@example.net') === 1);
    service = await installation.start();
    await until(() => isMarked('undecided@example.net'));
    await service.end('SIGKILL');
    service = await installation.start();
    await enqueue('last@example.net');
    await until(() => countOf('last@example.net') === 1);
    expect(countOf('marked@example.net')).to.equal(1);
    expect(countOf('undecided@example.net')).to.equal(2);
    const ids = server.received.filter(({ to }) => to[0] === 'undecided@example.net').map(({ id }) => id);
    expect(new Set(ids)).to.have.property('size', 1);
    await service.end();
  });
});

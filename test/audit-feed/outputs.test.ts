import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { AuditEntry } from '../../src/audit-feed/audit.models.js';
import type { Services } from '../../src/server/services.js';
import { checkModel } from '../support/contract.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';

interface Posted {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly items: readonly AuditEntry[];
}

const [current, former] = [
  `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  'the former secret is 32 characters long',
];

for (const kind of databaseKinds) {
  describe(`The webhook of the audit on ${kind}`, () => {
    let app: TestApp;
    let receiver: Server;
    let posted: Posted[] = [];
    let respond: (response: ServerResponse, request: IncomingMessage) => void;
    const accept = (response: ServerResponse): void => void response.writeHead(204).end();

    before(async () => {
      receiver = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          const { items } = JSON.parse(body) as { items: AuditEntry[] };
          posted.push({ headers: request.headers, body, items });
          respond(response, request);
        });
      });
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
      app = await TestApp.start({
        database: kind,
        settings: {
          LATCHKEY_AUDIT_WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/in?token=1`,
          LATCHKEY_AUDIT_WEBHOOK_SECRET: `${current},${former}`,
        },
      });
      await app.services.auditChain.run();
    });
    beforeEach(async () => {
      respond = accept;
      app.clock.advance(400);
      await run();
      posted = [];
    });
    after(async () => {
      await app.close();
      receiver.closeAllConnections();
      receiver.close();
    });

    async function logIn(count = 1): Promise<void> {
      for (let done = 0; done < count; done += 1) {
        // What is of one millisecond is in no order.
        app.clock.advance(0.001);
        await app.login();
      }
      await app.services.auditChain.run();
    }
    const run = async (services: Services = app.services): Promise<void> => {
      await Promise.all(services.auditOutputs.runs.map((each) => each()));
    };
    const sequences = (): (number | undefined)[] =>
      posted.flatMap(({ items }) => items.map(({ sequence }) => sequence));
    const behind = async (): Promise<object[]> => app.services.auditOutputs.findLags();
    const warnings = (): unknown[] =>
      app.logged.filter(({ event }) => event === 'audit_output_failed').map(({ failures }) => failures);

    it('gets what happens, in order, as GET /audit shows it', async () => {
      await logIn(3);
      await run();
      expect(posted).to.have.length(1);
      const [{ items, headers } = {} as Posted] = posted;
      expect(headers).to.include({ 'content-type': 'application/json' });
      app.clock.advance(0.001);
      const { access_token: token } = await app.login();
      const { body } = await app.get('/audit?event=login&limit=4', token).expect(200);
      const [, ...shown] = (body as { items: AuditEntry[] }).items;
      expect(items).to.deep.equal(shown.reverse());
      items.forEach((item) => {
        checkModel('AuditEntry', item);
      });
      await app.services.auditChain.run();
      await run();
      expect(posted).to.have.length(2);
      await run();
      expect(posted).to.have.length(2);
    });

    it('is signed with each secret as Standard Webhooks says, with the time', async () => {
      await logIn();
      await run();
      const [{ headers, body } = {} as Posted] = posted;
      const id = String(headers['webhook-id']);
      const timestamp = String(headers['webhook-timestamp']);
      expect(timestamp).to.equal(String(Math.floor(app.clock.now() / 1000)));
      const keys = [Buffer.alloc(32, 1), Buffer.from(former)];
      const expected = keys.map(
        (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
      );
      expect(headers['webhook-signature']).to.equal(expected.join(' '));
    });

    it('is behind by the age of the oldest row that it does not have, as the metrics tell', async () => {
      const { auditOutputs, metrics } = app.services;
      expect(auditOutputs.progress).to.deep.equal([{ name: 'webhook', lag: 0, failures: 0 }]);
      await logIn();
      respond = (response) => void response.writeHead(503).end();
      await run();
      app.clock.advance(600);
      expect(auditOutputs.progress).to.deep.equal([{ name: 'webhook', lag: 600_000, failures: 1 }]);
      const text = await metrics.render('text/plain');
      expect(text).to.include('latchkey_audit_output_lag_seconds{output="webhook"} 600\n');
      expect(text).to.include('latchkey_audit_output_failures{output="webhook"} 1\n');
      respond = accept;
      await run();
      expect(auditOutputs.progress).to.deep.equal([{ name: 'webhook', lag: 0, failures: 0 }]);
    });

    it('is tried again after growing waits, under the same id, and no login waits for it', async () => {
      await logIn();
      respond = (response) => void response.writeHead(503).end('x'.repeat(100_000));
      await run();
      await run();
      expect(posted).to.have.length(1);
      const waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
      for (const [index, wait] of waits.entries()) {
        app.clock.advance(wait - 0.001);
        await run();
        expect(posted).to.have.length(index + 1);
        app.clock.advance(0.001);
        await run();
        expect(posted).to.have.length(index + 2);
      }
      expect(new Set(posted.map(({ headers }) => headers['webhook-id']))).to.have.property('size', 1);
      await logIn();
      expect(await behind()).to.deep.equal([{ name: 'webhook', rows: 2, failures: 12 }]);
      await app.services.auditOutputs.reportLags();
      expect(app.logged.at(-1)).to.include({ event: 'audit_output_behind', rows: 2, failures: 12 });
      respond = accept;
      app.clock.advance(300);
      posted = [];
      await run();
      expect(posted.map(({ items }) => items.length)).to.deep.equal([1, 1]);
      expect(await behind()).to.deep.equal([{ name: 'webhook', rows: 0, failures: 0 }]);
    });

    for (const [asked, wait] of [
      ['40', 40],
      ['86400', 300],
      ['0', 1],
      ['Thu, 01 Jan 1970 00:00:00 GMT', 1],
    ] as const) {
      it(`is tried again after ${wait} seconds where it asks for ${asked}`, async () => {
        await logIn();
        respond = (response) => void response.writeHead(429, { 'Retry-After': asked }).end();
        await run();
        expect(posted).to.have.length(1);
        respond = accept;
        app.clock.advance(wait - 0.001);
        await run();
        expect(posted).to.have.length(1);
        app.clock.advance(0.001);
        await run();
        expect(posted).to.have.length(2);
      });
    }

    it('is in the log once a minute while it fails, and once when it works again', async () => {
      await logIn();
      const [before, known] = [app.logged.length, warnings().length];
      respond = (response) => void response.writeHead(500).end();
      for (const wait of [0, 1, 2, 4, 8, 16, 32]) {
        app.clock.advance(wait);
        await run();
      }
      expect(warnings().slice(known)).to.deep.equal([1, 7]);
      respond = accept;
      app.clock.advance(64);
      await run();
      expect(app.logged.slice(before).map(({ event }) => event)).to.deep.equal([
        'audit_output_failed',
        'audit_output_failed',
        'audit_output_recovered',
      ]);
      expect(JSON.stringify(app.logged.slice(before))).not.to.include('token=1');
    });

    it('gets fewer at a time after a failure, so that a batch that is too large for it gets through', async () => {
      await logIn(3);
      respond = (response) =>
        void response.writeHead((posted.at(-1)?.items.length ?? 0) > 1 ? 413 : 204).end();
      for (let attempt = 0; attempt < 8; attempt += 1) {
        await run();
        app.clock.advance(300);
      }
      expect(await behind()).to.deep.equal([{ name: 'webhook', rows: 0, failures: 0 }]);
    });

    it('is not followed elsewhere: a redirect is a failure', async () => {
      await logIn();
      respond = (response) =>
        void response.writeHead(307, { Location: 'http://127.0.0.1:1/elsewhere' }).end();
      await run();
      expect(posted).to.have.length(1);
      const last = app.logged.findLast(({ event }) => event === 'audit_output_failed');
      expect(JSON.stringify(last)).to.include('redirect (307), which is not followed');
    });

    it('has one sender among the replicas, and another one goes on where it ended', async () => {
      const other = await app.openAgain();
      try {
        await logIn(2);
        await Promise.all([run(), run(other), run(), run(other)]);
        expect(posted).to.have.length(1);
        await logIn(1);
        await run(other);
        expect(posted.map(({ items }) => items.length)).to.deep.equal([2, 1]);
        const all = sequences();
        expect(all).to.deep.equal(all.map((_, index) => Number(all[0]) + index));
      } finally {
        await other.database.close();
      }
    });

    it('is left to another replica at once when the process stops while it sends', async () => {
      const other = await app.openAgain();
      try {
        await logIn();
        let arrived: () => void = () => undefined;
        const arrival = new Promise<void>((resolve) => (arrived = resolve));
        respond = () => {
          arrived();
        };
        const running = run(other);
        await arrival;
        await run();
        expect(posted).to.have.length(1);
        respond = accept;
        await other.auditOutputs.stop();
        await running;
        await run();
        expect(posted.map(({ items }) => items[0]?.id)).to.deep.equal([
          posted[0]?.items[0]?.id,
          posted[0]?.items[0]?.id,
        ]);
      } finally {
        await other.database.close();
      }
    });

    it('is left to the replica that took over while the first one was suspended, and the first one logs nothing', async () => {
      const other = await app.openAgain();
      try {
        await logIn();
        let [arrived, release] = [(): void => undefined, (): void => undefined];
        const arrival = new Promise<void>((resolve) => (arrived = resolve));
        respond = (response) => {
          release = () => void response.writeHead(500).end();
          arrived();
        };
        const running = run(other);
        await arrival;
        respond = accept;
        app.clock.advance(61);
        await run();
        expect(posted).to.have.length(2);
        const before = warnings().length;
        release();
        await running;
        expect(warnings()).to.have.length(before);
        expect(await behind()).to.deep.equal([{ name: 'webhook', rows: 0, failures: 0 }]);
        await logIn();
        await run();
        expect(posted).to.have.length(3);
      } finally {
        await other.database.close();
      }
    });

    it('goes on where the clock was set back, and says that it fails', async () => {
      respond = (response) => void response.writeHead(500).end();
      app.clock.advance(100_000);
      await logIn();
      await run();
      app.clock.advance(-100_000);
      const before = warnings().length;
      await run();
      expect(warnings()).to.have.length(before + 1);
      respond = accept;
      app.clock.advance(1000);
      await run();
      expect(posted.at(-1)?.items).to.have.length(1);
      expect(await behind()).to.deep.equal([{ name: 'webhook', rows: 0, failures: 0 }]);
    });

    it('goes on after a restart with what happened meanwhile, without waiting for what had failed', async () => {
      respond = (response) => void response.writeHead(429, { 'Retry-After': '300' }).end();
      await logIn();
      await run();
      respond = accept;
      posted = [];
      app = await app.restart();
      await logIn();
      await run();
      expect(posted.flatMap(({ items }) => items.map(({ event }) => event))).to.deep.equal([
        'login',
        'login',
      ]);
    });

    it('sends no row that somebody has added behind the head, and skips none of those that follow', async () => {
      const { queries } = app.services.database;
      const row = await queries.selectFrom('audit').selectAll().orderBy('sequence').executeTakeFirstOrThrow();
      const forged = { ...row, id: 'ffffffff-0000-7000-8000-000000000001', sequence: 10 ** 15, details: '{' };
      await queries.insertInto('audit').values(forged).execute();
      await logIn();
      await run();
      await logIn();
      await run();
      const [first = 0] = sequences();
      expect(sequences()).to.deep.equal([first, first + 1]);
      await queries.deleteFrom('audit').where('id', '=', forged.id).execute();
    });

    it('sends a row whose details somebody has changed, and those after it', async () => {
      await logIn(2);
      const { queries } = app.services.database;
      const rows = await queries
        .selectFrom('audit')
        .selectAll()
        .orderBy('sequence', 'desc')
        .limit(2)
        .execute();
      const { id = '', sequence = 0 } = rows[1] ?? {};
      await queries
        .updateTable('audit')
        .set({ details: '{', at: Number.MAX_SAFE_INTEGER })
        .where('id', '=', id)
        .execute();
      await run();
      expect(sequences()).to.deep.equal([sequence, (sequence ?? 0) + 1]);
      const [changed] = posted.flatMap(({ items }) => items);
      expect(changed).to.deep.include({ details: { unreadable: '{' }, at: '9999-12-31T23:59:59.999Z' });
      await queries
        .updateTable('audit')
        .set({ details: null, at: rows[1]?.at ?? 0 })
        .where('id', '=', id)
        .execute();
    });

    it('sends everything again where the chain was set back behind what was sent', async () => {
      const { queries } = app.services.database;
      const head = await queries.selectFrom('latchkey_audit_head').selectAll().executeTakeFirstOrThrow();
      await logIn(3);
      await run();
      await queries.deleteFrom('audit').where('sequence', '>', head.sequence).execute();
      await queries.updateTable('latchkey_audit_head').set(head).execute();
      posted = [];
      await logIn();
      await run();
      const [first = 0, ...others] = sequences();
      expect(others.at(-1)).to.equal(head.sequence + 2);
      expect(others).to.deep.equal(others.map((_, index) => first + index + 1));
      expect(app.logged.find(({ event }) => event === 'audit_output_set_back')).to.include({
        output: 'webhook',
        sent: head.sequence + 3,
      });
    });

    it('goes on behind rows that the retention has deleted, and says how many there were', async () => {
      respond = (response) => void response.writeHead(500).end();
      await logIn(3);
      await run();
      const [first = 0] = sequences();
      const { queries } = app.services.database;
      await queries
        .deleteFrom('audit')
        .where('sequence', '<=', first + 1)
        .execute();
      respond = accept;
      app.clock.advance(1);
      posted = [];
      await run();
      expect(sequences()).to.deep.equal([first + 2]);
      const gap = app.logged.find(({ event }) => event === 'audit_output_gap');
      expect(gap).to.include({ output: 'webhook', missing: 2 });
    });
  });
}

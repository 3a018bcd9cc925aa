import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import type { TokenSet } from '../../src/sessions/sessions.models.js';
import { metricDefinitions } from '../../src/observability/metric-definitions.js';
import { createMetricsServer } from '../../src/server/metrics-server.js';
import type { AddressInfo } from 'node:net';
import { databaseKinds } from '../support/databases.js';
import { readSamples } from '../support/metric-lines.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const password = 'a password that is long enough';

for (const database of databaseKinds) {
  describe(`GET /metrics on ${database}`, () => {
    let app: TestApp;
    let tokens: TokenSet;
    before(async () => {
      app = await TestApp.start({ database });
      tokens = await app.login();
      await app.createUser('ada', password);
    });
    after(() => app.close());

    const read = async (): Promise<ReadonlyMap<string, number>> => {
      const { text } = await app.get('/metrics', tokens.access_token).expect(200);
      return readSamples(text);
    };
    /** What a metric has risen by. */
    const rise = async (series: string, cause: () => Promise<unknown>): Promise<number> => {
      const before = (await read()).get(series) ?? 0;
      await cause();
      return ((await read()).get(series) ?? 0) - before;
    };

    it('is for callers with metrics:read', async () => {
      await app.get('/metrics').expect(401);
      const { access_token: withoutIt } = await app.login('ada', password);
      await app.get('/metrics', withoutIt).expect(403);
    });

    it('counts requests by operation and status, whatever their paths', async () => {
      const ofUser = 'latchkey_http_requests_total{operation="getUser",status="404"}';
      const id = '0199f3c2-6d1e-7a44-8c5b-2f1d9e7a6b10';
      expect(await rise(ofUser, () => app.get(`/users/${id}`, tokens.access_token).expect(404))).to.equal(1);
      const other = 'latchkey_http_requests_total{operation="other",status="404"}';
      expect(await rise(other, () => app.get('/nobody-knows-this').expect(404))).to.equal(1);
      const refused = 'latchkey_http_requests_total{operation="getProtected",status="401"}';
      expect(await rise(refused, () => app.get('/protected').expect(401))).to.equal(1);
      expect([...(await read()).keys()].filter((series) => /nobody-knows|0199f3c2/.test(series))).to.be.empty;
    });

    it('has the time of requests in histograms', async () => {
      const count = 'latchkey_http_request_duration_seconds_count{operation="getProtected"}';
      expect(await rise(count, () => app.get('/protected', tokens.access_token).expect(200))).to.equal(1);
    });

    it('counts logins by outcome', async () => {
      const outcome = (name: string): string => `latchkey_logins_total{outcome="${name}"}`;
      const succeeded = 'latchkey_logins_total{outcome="succeeded",method="password"}';
      expect(await rise(succeeded, () => app.login('ada', password))).to.equal(1);
      const wrong = () => app.post('/login', { username: 'ada', password: 'wrong' }).expect(401);
      expect(await rise(outcome('wrong_password'), wrong)).to.equal(1);
      const unknown = () => app.post('/login', { username: 'nobody', password }).expect(401);
      expect(await rise(outcome('unknown_user'), unknown)).to.equal(1);
    });

    it('counts refreshes, refused ones and the reuse of a refresh token', async () => {
      const { refresh_token: first } = await app.login('ada', password);
      const refresh = (token: string) => app.post('/refresh', { refresh_token: token });
      const succeeded = 'latchkey_refreshes_total{outcome="succeeded"}';
      const twice = async (): Promise<void> => {
        const { body } = await refresh(first).expect(200);
        await refresh((body as TokenSet).refresh_token).expect(200);
      };
      expect(await rise(succeeded, twice)).to.equal(2);
      expect(await rise('latchkey_refresh_token_reuse_total', () => refresh(first).expect(401))).to.equal(1);
      expect(
        await rise('latchkey_refreshes_total{outcome="refused"}', () => refresh('lk_rt_x').expect(401)),
      ).to.equal(1);
    });

    it('tells how many revocations are in memory, and how old the feed of them is', async () => {
      const { access_token: token } = await app.login('ada', password);
      const sessions = 'latchkey_revocations{kind="session"}';
      expect(await rise(sessions, () => app.post('/logout', undefined, token).expect(204))).to.equal(1);
      expect((await read()).get('latchkey_revocation_feed_lag_seconds')).to.be.within(0, 60);
    });

    it('counts tokens that were verified before', async () => {
      const hit = 'latchkey_token_cache_lookups_total{result="hit"}';
      // One of them reads the metrics.
      expect(await rise(hit, () => app.get('/protected', tokens.access_token).expect(200))).to.equal(2);
    });

    it('has the time of commits and of password checks in histograms', async () => {
      const login = () => app.login('ada', password);
      expect(await rise('latchkey_database_commit_duration_seconds_count', login)).to.be.at.least(1);
      expect(await rise('latchkey_password_check_duration_seconds_count', login)).to.equal(1);
      expect(await rise('latchkey_password_check_wait_seconds_count', login)).to.equal(1);
    });

    it('has the time of statements, and of the wait for a connection where there is a pool', async () => {
      const list = () => app.get('/users', tokens.access_token).expect(200);
      expect(await rise('latchkey_database_statement_duration_seconds_count', list)).to.be.at.least(1);
      const waits = await rise('latchkey_database_pool_wait_seconds_count', list);
      if (database === 'postgres') expect(waits).to.be.at.least(1);
      else expect(waits).to.equal(0);
    });

    it('tells the use of the pool where there is one', async () => {
      const samples = await read();
      const max = samples.get('latchkey_database_pool_max_connections');
      expect(max).to.equal(database === 'postgres' ? 10 : undefined);
      expect(samples.has('latchkey_database_pool_connections{state="idle"}')).to.equal(
        database === 'postgres',
      );
    });

    it('tells the age of keys by the clock', async () => {
      const age = 'latchkey_key_age_seconds{purpose="access"}';
      const rotate = () => {
        app.clock.advance(60);
        return Promise.resolve();
      };
      expect(await rise(age, rotate)).to.equal(60);
      expect((await read()).get('latchkey_key_age_seconds{purpose="refresh"}')).to.be.at.least(60);
    });

    it('tells how background jobs ended', async () => {
      const { jobs } = app.services;
      await jobs.run('a_job', () => Promise.resolve());
      await jobs.run('a_job', () => Promise.reject(new Error('It failed.'))).catch(() => undefined);
      const samples = await read();
      expect(samples.get('latchkey_job_runs_total{task="a_job",outcome="succeeded"}')).to.equal(1);
      expect(samples.get('latchkey_job_runs_total{task="a_job",outcome="failed"}')).to.equal(1);
      expect(samples.get('latchkey_job_last_success_timestamp_seconds{task="a_job"}')).to.equal(
        app.clock.now() / 1000,
      );
    });

    it('counts the failures of a background job from zero on', async () => {
      app.services.jobs.add('another_job');
      const samples = await read();
      expect(samples.get('latchkey_job_runs_total{task="another_job",outcome="failed"}')).to.equal(0);
      expect(samples.has('latchkey_job_duration_seconds{task="another_job"}')).to.equal(false);
    });

    it('measures the delay of the event loop once the process begins to', async () => {
      const { eventLoop } = app.services;
      const late = 'latchkey_event_loop_delay_seconds{percentile="99"}';
      expect((await read()).has(late)).to.equal(false);
      eventLoop.start();
      try {
        await until(async () => (await read()).has(late));
      } finally {
        eventLoop.stop();
      }
    });

    it('counts open streams of guards', async () => {
      const stream = await fetch(`${app.url}/revocations/stream`, {
        headers: { Authorization: `Bearer ${tokens.access_token}` },
      });
      expect(stream.status).to.equal(200);
      expect((await read()).get('latchkey_revocation_streams')).to.equal(1);
      await stream.body?.cancel();
      await until(async () => (await read()).get('latchkey_revocation_streams') === 0);
    });
  });
}

describe('The metrics of a service', () => {
  let app: TestApp;
  let token: string;
  before(async () => {
    app = await TestApp.start();
    ({ access_token: token } = await app.login());
  });
  after(() => app.close());

  it('are all there, each with its type and its help', async () => {
    const { text } = await app.get('/metrics', token).expect(200);
    for (const { name, type, help } of Object.values(metricDefinitions)) {
      expect(text).to.include(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
      // OpenMetrics would have to escape them.
      expect(help).not.to.match(/["\\\n]/);
    }
  });

  it('are as promtool wants them', async function () {
    const { text } = await app.get('/metrics', token).expect(200);
    const { error, status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    if (error) this.skip(); // promtool is not on this machine
    expect(status, stderr).to.equal(0);
  });

  it('come in the format that the client prefers', async () => {
    const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
    const asOf = (accept: string) => app.get('/metrics', token).set('Accept', accept).expect(200);
    // What Prometheus sends.
    const response = await asOf(
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    );
    expect(response.get('Content-Type')).to.equal(openMetrics);
    expect(await asOf('text/plain').then((plain) => plain.get('Content-Type'))).to.equal(
      'text/plain; version=0.0.4; charset=utf-8',
    );
  });

  it('of two services in one process are apart', async () => {
    const other = await TestApp.start();
    await other.login();
    const { access_token: otherToken } = await other.login();
    const succeeded = 'latchkey_logins_total{outcome="succeeded",method="password"}';
    const read = async (of: TestApp, by: string) =>
      readSamples((await of.get('/metrics', by).expect(200)).text).get(succeeded);
    expect([await read(app, token), await read(other, otherToken)]).to.deep.equal([1, 2]);
    await other.close();
  });

  it('are on a port of their own without a token, with readiness, and nothing else is', async () => {
    const { log, lifecycle } = app.services;
    let hasStarted = false;
    const server = createMetricsServer(() => (hasStarted ? app.services : undefined), log);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect((await fetch(`${url}/metrics`)).status).to.equal(503);
    hasStarted = true;
    const metrics = await fetch(`${url}/metrics`);
    expect(await metrics.text()).to.include('latchkey_info{');
    expect(metrics.headers.get('Content-Type')).to.equal('text/plain; version=0.0.4; charset=utf-8');
    const ready = await fetch(`${url}/health/ready`);
    const { status, checks } = (await ready.json()) as { status: string; checks: { name: string }[] };
    expect([ready.status, status, checks.map(({ name }) => name)]).to.deep.equal([
      200,
      'ok',
      ['process', 'database', 'revocations'],
    ]);
    lifecycle.stopping = true;
    const stopping = await fetch(`${url}/health/ready`);
    expect([stopping.status, await stopping.json()]).to.have.nested.property('[1].checks[0].since');
    expect(stopping.status).to.equal(503);
    lifecycle.stopping = false;
    for (const path of ['/', '/protected', '/metrics/x'])
      expect((await fetch(url + path)).status).to.equal(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).to.equal(404);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

import { expect } from 'chai';
import supertest from 'supertest';
import { StartError } from '../../src/start-error.js';
import { databaseKinds } from '../support/databases.js';
import { createOwnProject, removeOwnProjects } from '../support/own-project.js';
import { readJwt } from '../support/tokens.js';
import { TestApp } from '../support/test-app.js';

const password = 'correct horse battery';

for (const kind of databaseKinds) {
  describe(`A project on ${kind}`, () => {
    let app: TestApp;
    let project: Awaited<ReturnType<typeof createOwnProject>>;
    before(async () => {
      project = await createOwnProject();
      app = await TestApp.start({ database: kind, project });
    });
    after(async () => {
      await app.close();
      await removeOwnProjects();
    });

    it('has its operations and its table beside Latchkey’s, with permissions of its own', async () => {
      const { access_token: admin } = await app.login();
      await app.put('/roles/author', { permissions: ['reports:write'] }, admin).expect(201);
      const { id } = await app.createUser('ada', password, ['author']);
      const { access_token: ada } = await app.login('ada', password);
      await app.post('/own/reports', { title: 'First' }, ada).expect(204);
      const { body: refused } = await app.get('/own/reports', ada).expect(403);
      expect(refused).to.include({ code: 'insufficient_scope' });
      const { body } = await app.get('/own/reports', admin).expect(200);
      expect(body.items).to.have.length(1);
      expect(body.items[0]).to.include({ owner: 'ada', title: 'First' });
      expect((await app.services.roles.list()).find(({ name }) => name === 'admin')?.permissions).to.include(
        'reports:read reports:write',
      );
      // What a user has goes with the user.
      await app.delete(`/users/${id}`, admin).expect(204);
      expect((await app.get('/own/reports', admin).expect(200)).body.items).to.deep.equal([]);
    });

    it('has its bodies validated by its own models', async () => {
      const { access_token: admin } = await app.login();
      const { body } = await app.post('/own/reports', { title: 1, more: true }, admin).expect(422);
      expect(body.errors).to.have.all.keys('title', 'more');
    });

    it('is found before Latchkey’s paths with parameters, and may have optional tokens', async () => {
      const url = supertest(app.url);
      const anyone = await url.get('/users/export').expect(200);
      expect(anyone.body).to.deep.equal({ caller: null, user: null });
      const { access_token: admin } = await app.login();
      const { body: me } = await app.get('/me', admin).expect(200);
      const known = await url.get('/users/export').set('Authorization', `Bearer ${admin}`).expect(200);
      expect(known.body).to.include({ caller: me.id });
      await url.get('/users/export').set('Authorization', 'Bearer wrong').expect(401);
    });

    it('may demand fresh logins', async () => {
      const { access_token: admin, refresh_token: refresh } = await app.login();
      await app.get('/own/reports/fresh', admin).expect(200);
      const { access_token: later } = await app.refresh(refresh);
      const { body } = await app.get('/own/reports/fresh', later).expect(401);
      expect(body).to.include({ code: 'insufficient_user_authentication' });
    });

    it('has problems with codes of its own, in the contract and with pages', async () => {
      const { body } = await supertest(app.url).post('/own/reports/lock').expect(409);
      expect(body).to.deep.equal({
        type: 'http://latchkey.test/problems/report_locked',
        title: 'Report locked',
        status: 409,
        detail: 'The report is locked by ada.',
        code: 'report_locked',
      });
      const { body: contract } = await app.get('/openapi.json').expect(200);
      expect(contract.info.title).to.equal('Reports');
      expect(contract.components.schemas.ProblemCode.enum).to.include.members(['report_locked', 'not_found']);
      expect(
        contract.paths['/own/reports/lock'].post.responses['409'].content['application/problem+json']
          .examples,
      ).to.have.all.keys('report_locked');
      const { text: page } = await app.get('/problems/report_locked').expect(200);
      expect(page).to.include('Somebody else is changing the report.').and.to.include('GET /own/reports');
      expect((await app.get('/problems').expect(200)).text).to.include('problems/report_locked');
    });

    it('is what the service says that it is', async () => {
      const { body } = await app.get('/').expect(200);
      expect(body).to.include({ name: 'Reports', version: '1.2.3' });
      const { body: metadata } = await app.get('/.well-known/oauth-authorization-server').expect(200);
      expect(metadata.scopes_supported).to.include.members(['reports:read', 'users:read']);
      const { headers } = await app.request('options', '/own/reports').expect(204);
      expect(headers).to.include({ allow: 'GET, HEAD, OPTIONS, POST' });
    });

    it('cleans up after itself, and ends before the database is closed', async () => {
      const { access_token: admin } = await app.login();
      await app.post('/own/reports', { title: 'Second' }, admin).expect(204);
      await app.project.cleanUp();
      expect((await app.get('/own/reports', admin).expect(200)).body.items).to.deep.equal([]);
      const closed: boolean[] = [];
      const other = await TestApp.start({
        database: kind,
        project: {
          ...project,
          close: async (services: object) => {
            const { reports } = services as { reports: { list(): Promise<unknown[]> } };
            closed.push((await reports.list()).length === 0);
          },
        },
      });
      await other.close();
      expect(closed).to.deep.equal([true]);
    });

    it('that fails to end says so in the log, and does not keep the database open', async () => {
      const other = await TestApp.start({
        database: kind,
        project: {
          ...project,
          close: () => {
            throw new Error('it does not end');
          },
        },
      });
      await other.close();
      expect(JSON.stringify(other.logged)).to.include('it does not end');
    });
  });
}

describe('A project', () => {
  after(removeOwnProjects);

  const refusal = (started: Promise<TestApp>): Promise<unknown> =>
    started.then(
      async (app) => {
        await app.close();
        return undefined;
      },
      (error: unknown) => error,
    );

  it('may have hooks that read its tables', async () => {
    const project = await createOwnProject();
    const app = await TestApp.start({
      project: {
        ...project,
        hooks: ({ database, clock }) => ({
          additionalClaims: () => ({ made_at: clock.now() }),
          loadUser: ({ sub }) =>
            database.queries.selectFrom('users').select('username').where('id', '=', sub).executeTakeFirst(),
        }),
      },
    });
    const { access_token: admin } = await app.login();
    const { body } = await app.get('/own/reports/fresh', admin).expect(200);
    expect(body).to.deep.equal({ items: [] });
    const { claims } = readJwt(admin);
    expect(claims).to.include({ made_at: app.clock.now() });
    await app.close();
  });

  it('that has not been built again since its controllers changed is refused with what to do', async () => {
    const project = await createOwnProject();
    const [first] = project.routes.operations;
    if (!first) throw new Error('There is no operation.');
    const operations = [...project.routes.operations, { ...first, path: '/own/new/:id' }];
    const error = await refusal(
      TestApp.start({ project: { ...project, routes: { ...project.routes, operations } } }),
    );
    expect(error).to.be.instanceOf(StartError);
    expect((error as Error).message).to.equal(
      'GET /own/new/:id is not in generated/openapi.json: that was built from other controllers, or with another version of Latchkey. Run "npm run build".',
    );
  });

  it('without a contract is refused with what to do', async () => {
    const project = await createOwnProject();
    await removeOwnProjects();
    const error = await refusal(TestApp.start({ project }));
    expect((error as Error).message).to.match(
      /^The contract cannot be read \(ENOENT.*\)\. Run "npm run build"\.$/,
    );
  });

  it('cannot give a service the name of one of Latchkey’s', async () => {
    const project = await createOwnProject();
    const error = await refusal(
      TestApp.start({ project: { ...project, createServices: () => ({ accounts: {} }) } }),
    );
    expect((error as Error).message).to.equal(
      'createServices makes a service "accounts", which is the name of one of Latchkey\'s. Give it another one.',
    );
  });
});

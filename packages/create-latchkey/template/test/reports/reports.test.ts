import { expect } from 'chai';
import { listDatabaseKinds, startTestService, type TestService, type TestUser } from 'latchkey/testing';
import request from 'supertest';
import project from '../../src/project.js';

for (const database of listDatabaseKinds()) {
  describe(`Reports on ${database}`, () => {
    let service: TestService;
    let author: TestUser;
    before(async () => {
      service = await startTestService(project, { database });
      author = await service.createUser({ username: 'ada', permissions: ['reports:read', 'reports:write'] });
    });
    after(() => service.close());

    it('are created, read, listed in pages and deleted', async () => {
      const ids: string[] = [];
      for (const title of ['First', 'Second', 'Third']) {
        const { body } = await request(service.url)
          .post('/reports')
          .set(author.headers)
          .send({ title })
          .expect(201);
        expect(body).to.include({ title, owner: 'ada' });
        ids.push(body.id);
        service.clock.advance(1);
      }
      const first = await request(service.url).get('/reports?limit=2').set(author.headers).expect(200);
      expect(first.body.items.map(({ id }: { id: string }) => id)).to.deep.equal(ids.slice(0, 2));
      const second = await request(service.url)
        .get(`/reports?limit=2&cursor=${first.body.next_cursor}`)
        .set(author.headers)
        .expect(200);
      expect(second.body.items.map(({ id }: { id: string }) => id)).to.deep.equal(ids.slice(2));
      await request(service.url).delete(`/reports/${ids[0]}`).set(author.headers).expect(204);
      const { body } = await request(service.url).get(`/reports/${ids[0]}`).set(author.headers).expect(404);
      expect(body).to.include({ code: 'report_not_found' });
    });

    it('need the permission, and a token that has not expired', async () => {
      const stranger = await service.createUser();
      const { body } = await request(service.url).get('/reports').set(stranger.headers).expect(403);
      expect(body).to.include({ code: 'insufficient_scope' });
      await request(service.url).get('/reports').expect(401);
      const expired = author.createAccessToken({ age: 86_400 });
      await request(service.url).get('/reports').set('Authorization', `Bearer ${expired}`).expect(401);
    });

    it('have a title of 1 to 200 characters', async () => {
      for (const title of ['', 'x'.repeat(201), 7]) {
        const { body } = await request(service.url)
          .post('/reports')
          .set(author.headers)
          .send({ title })
          .expect(422);
        expect(body.errors).to.have.all.keys('title');
      }
    });

    it('go with their owner', async () => {
      const admin = await service.createUser({ roles: ['admin'] });
      const leaver = await service.createUser({ permissions: ['reports:write'] });
      const { body } = await request(service.url)
        .post('/reports')
        .set(leaver.headers)
        .send({ title: 'Last' })
        .expect(201);
      await request(service.url).delete(`/users/${leaver.id}`).set(admin.headers).expect(204);
      await request(service.url).get(`/reports/${body.id}`).set(admin.headers).expect(404);
    });
  });
}

import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { Pauses } from '../../src/import/pauses.js';
import { databaseKinds } from '../support/databases.js';
import { TestApp } from '../support/test-app.js';

for (const kind of databaseKinds) {
  describe(`Between two batches of an import on ${kind}`, () => {
    let app: TestApp;
    before(async () => {
      app = await TestApp.start({ database: kind });
    });
    after(() => app.close());

    it('other processes get time to write, where one process writes at a time and another one has written', async () => {
      const { database, config } = app.services;
      const waits: number[] = [];
      const pauses = new Pauses(database, (milliseconds) => {
        waits.push(milliseconds);
        return Promise.resolve();
      });
      await pauses.giveWay();
      await app.login();
      await pauses.giveWay();
      expect(waits, 'after commits of its own').to.deep.equal([]);
      if (config.databaseUrl.kind !== 'sqlite') return;
      const other = new DatabaseSync(config.databaseUrl.file);
      other.exec("update users set language = 'en'");
      other.close();
      await pauses.giveWay();
      await pauses.giveWay();
      expect(waits).to.have.length(1);
      expect(waits[0]).to.be.within(0, 25);
    });
  });
}

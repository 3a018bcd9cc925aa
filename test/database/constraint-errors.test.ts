import { expect } from 'chai';
import { sql } from 'kysely';
import { isUniqueViolation } from '../../src/database/constraint-errors.js';
import type { UserRow } from '../../src/database/schema.js';
import { addUser } from '../support/records.js';
import { describeStore } from '../support/store-contract.js';

describeStore('A violation of what is unique', (on) => {
  const failure = (query: { execute(): Promise<unknown> }): Promise<unknown> =>
    query.execute().then(
      () => undefined,
      (error: unknown) => error,
    );

  const insertCopy = async (changes: object): Promise<unknown> => {
    const { id } = await addUser(on.queries);
    const row = await on.queries
      .selectFrom('users')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const copy: UserRow = { ...row, ...changes };
    return failure(on.queries.insertInto('users').values(copy));
  };

  it('is recognized in a primary key', async () => {
    expect(isUniqueViolation(await insertCopy({ username_key: 'another' }))).to.be.true;
  });

  it('is recognized in another column', async () => {
    expect(isUniqueViolation(await insertCopy({ id: 'another' }))).to.be.true;
  });

  it('is not reported for other errors', async () => {
    const errors = [
      await insertCopy({ id: 'x', username_key: 'x', username: null }),
      await failure(on.queries.insertInto('user_roles').values({ user_id: 'nobody', role_name: 'nothing' })),
      await failure({ execute: () => sql`select * from nowhere`.execute(on.queries) }),
    ];
    for (const error of errors) {
      expect(error).to.be.an('error');
      expect(isUniqueViolation(error)).to.be.false;
    }
    for (const other of [new Error('23505'), '23505', undefined])
      expect(isUniqueViolation(other)).to.be.false;
  });
});

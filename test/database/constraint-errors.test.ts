import { expect } from 'chai';
import { sql } from 'kysely';
import { violates } from '../../src/database/constraint-errors.js';
import type { UserRow } from '../../src/database/schema.js';
import { addUser } from '../support/records.js';
import { storeContract } from '../support/store-contract.js';

storeContract('A violated constraint', (on) => {
  const failure = (query: { execute(): Promise<unknown> }): Promise<unknown> =>
    query.execute().then(
      () => undefined,
      (error: unknown) => error,
    );

  const insertCopy = async (changes: Partial<UserRow>): Promise<unknown> => {
    const { id } = await addUser(on.queries);
    const row = await on.queries
      .selectFrom('users')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return failure(on.queries.insertInto('users').values({ ...row, ...changes }));
  };

  it('is unique where a primary key is there already', async () => {
    const error = await insertCopy({ username_key: 'another' });
    expect(violates(error, 'unique')).to.be.true;
    expect(violates(error, 'foreign key')).to.be.false;
  });

  it('is unique where the value of another column is there already', async () => {
    expect(violates(await insertCopy({ id: 'another' }), 'unique')).to.be.true;
  });

  it('is a foreign key where what is named is not there', async () => {
    const error = await failure(
      on.queries.insertInto('user_roles').values({ user_id: 'nobody', role_name: 'nothing' }),
    );
    expect(violates(error, 'foreign key')).to.be.true;
    expect(violates(error, 'unique')).to.be.false;
  });

  it('is neither where something else is wrong', async () => {
    const errors = [
      await insertCopy({ id: 'x', username_key: 'x', username: null as unknown as string }),
      await failure({ execute: () => sql`select * from nowhere`.execute(on.queries) }),
      new Error('23505'),
      'no error',
      undefined,
    ];
    expect(errors[0]).to.be.an('error');
    expect(errors[1]).to.be.an('error');
    for (const error of errors) {
      expect(violates(error, 'unique')).to.be.false;
      expect(violates(error, 'foreign key')).to.be.false;
    }
  });
});

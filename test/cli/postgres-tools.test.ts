import { expect } from 'chai';
import { listDumpSteps, listRestoreSteps, readUrlWithoutPassword } from '../../src/cli/postgres-tools.js';

describe('The commands that PostgreSQL’s own tools need', () => {
  for (const [url, shown] of [
    ['postgres://latchkey:hunter2@db.example.com/latchkey', 'postgresql://latchkey@db.example.com/latchkey'],
    [
      'postgresql://latchkey@a:5432,b:5433/latchkey?sslmode=verify-full&password=hunter2&channel_binding=require',
      'postgresql://latchkey@a:5432,b:5433/latchkey?sslmode=verify-full',
    ],
    ['postgres://db.example.com', 'postgresql://db.example.com/'],
    ['postgres://h/d?pass%77ord=hunter2&sslmode=disable', 'postgresql://h/d?sslmode=disable'],
    ['postgres://latchkey:hunter2@[::1]:5432/latchkey', 'postgresql://latchkey@[::1]:5432/latchkey'],
  ] as const) {
    it(`name ${shown} without its password`, () => {
      expect(readUrlWithoutPassword({ DATABASE_URL: url })).to.equal(shown);
    });
  }

  it('quote what a shell would read otherwise, and name the version', () => {
    const environment = { DATABASE_URL: "postgres://u:hunter2@h/d?sslmode=require&sslrootcert=it's" };
    const text = `${listDumpSteps(environment, "a file's name", '18.4')}${listRestoreSteps(environment, 'x')}`;
    expect(text)
      .to.include(`--file='a file'\\''s name'`)
      .and.include(`--dbname='postgresql://u@h/d?sslmode=require&sslrootcert=it'\\''s'`)
      .and.include('/latchkey_restored?sslmode=require')
      .and.include('of version 18 or newer, because the server is 18.4')
      .and.not.include('hunter2');
  });
});

import type { Command } from 'commander';
import { addAction, type Output } from './command-output.js';
import { listMigrationNames } from '../database/migrations/index.js';

export function addVersionCommand(program: Command, version: string): void {
  addAction(
    program
      .command('version')
      .description('print the version, and what it runs on; the database is not asked'),
    (output) => {
      printVersion(output, version);
    },
  );
}

function printVersion(output: Output, version: string): void {
  const { node, sqlite = 'unknown' } = process.versions;
  const platform = `${process.platform}-${process.arch}`;
  const migration = listMigrationNames().at(-1) ?? '';
  output.print(
    { version, node, platform, sqlite, migration },
    `Latchkey ${version}\nNode.js ${node} on ${platform}, SQLite ${sqlite}\nIts last migration is ${migration}.`,
  );
}

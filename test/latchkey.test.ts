import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkout } from './support/checkout.js';

/** What docs/versioning.md promises to builders: a name may be added here, and goes with a major version alone. */
const promised = [
  'AccessGrant',
  'AccessTokenClaims',
  'Account',
  'AccountChange',
  'Accounts',
  'Actor',
  'AuthenticatedRequest',
  'Body',
  'BodyProp',
  'Caller',
  'Clock',
  'ColumnType',
  'Consumes',
  'Cursor',
  'Database',
  'Delete',
  'Deprecated',
  'Example',
  'Extension',
  'FieldErrors',
  'File',
  'FileLimits',
  'FormField',
  'Generated',
  'Get',
  'Header',
  'HookContext',
  'Hooks',
  'Id',
  'Insertable',
  'Kysely',
  'LoadUser',
  'Middlewares',
  'MigrationContext',
  'NewAccount',
  'NoSecurity',
  'OperationId',
  'Page',
  'PageQuery',
  'PageResponse',
  'Patch',
  'Path',
  'Permission',
  'Post',
  'Problem',
  'ProblemDetails',
  'ProblemKind',
  'ProblemOptions',
  'Produces',
  'Project',
  'ProjectContext',
  'ProjectDefinition',
  'ProjectMigration',
  'ProjectMigrations',
  'ProjectProblems',
  'PublicTables',
  'Put',
  'Queries',
  'Query',
  'Registration',
  'RegistrationDecision',
  'Request',
  'Res',
  'Response',
  'RoleName',
  'Route',
  'Security',
  'Selectable',
  'Services',
  'SuccessResponse',
  'Tags',
  'Transaction',
  'TsoaResponse',
  'Updateable',
  'UploadedFile',
  'UploadedFiles',
  'UserCaller',
  'createId',
  'defaultLimit',
  'defineProblems',
  'defineProject',
  'isForeignKeyViolation',
  'isUniqueViolation',
  'readPage',
  'requireUser',
  'retryLater',
  'serviceActor',
  'sql',
  'start',
  'systemClock',
  'toActor',
  'toPageResponse',
];

describe('The package', () => {
  it('exports what it promises, and nothing else', () => {
    const declarations = readFileSync(join(checkout, 'dist/src/latchkey.d.ts'), 'utf8');
    const exported = [...declarations.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names = '']) =>
      names.split(',').map(
        (name) =>
          name
            .trim()
            .replace(/^type /, '')
            .split(' as ')
            .at(-1) ?? '',
      ),
    );
    expect(exported.filter((name) => name !== '').sort()).to.deep.equal(promised);
  });
});

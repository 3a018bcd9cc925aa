import type { Command } from 'commander';
import { parseList } from '../config/setting-parsers.js';
import { toRole } from '../roles/roles.controller.js';
import type { Services } from '../server/services.js';
import { validateBody } from '../server/validate-body.js';
import { addAction, type Output } from './command-output.js';
import type { WithInstallation } from './installation-command.js';
import { operator } from './operator.js';

interface RoleOptions {
  readonly description?: string;
}

export function addRoleCommands(program: Command, withInstallation: WithInstallation): void {
  const roles = program.command('roles').description('named sets of permissions');
  addAction(roles.command('list').description('list all roles, by name'), (output) =>
    withInstallation((services) => listRoles(services, output)),
  );
  addAction(
    roles
      .command('set')
      .description('make a role, or replace its permissions and description')
      .argument('<name>', 'the name of the role')
      .argument('[permissions]', 'comma-separated; none: it permits nothing')
      .option('--description <text>', 'what the role is for'),
    (output, name: string, permissions: string | undefined, { description = '' }: RoleOptions) =>
      withInstallation((services) =>
        setRole(services, output, name, { description, permissions: parseList(permissions ?? '') }),
      ),
  );
  addAction(
    roles
      .command('delete')
      .description('delete a role: its holders lose its permissions at once')
      .argument('<name>', 'the name of the role'),
    (output, name: string) => withInstallation((services) => deleteRole(services, output, name)),
  );
}

async function listRoles({ roles }: Services, output: Output): Promise<void> {
  await output.printList((await roles.list()).map(toRole), {
    columns: {
      name: ({ name }) => name,
      permissions: ({ permissions }) => permissions.join(','),
      description: ({ description }) => description,
    },
    empty: 'There are no roles yet: the first start makes the administrators’.',
  });
}

async function setRole(
  { roles }: Services,
  output: Output,
  name: string,
  contents: { readonly description: string; readonly permissions: string[] },
): Promise<void> {
  validateBody('RoleName', name, 'name');
  validateBody('PutRoleRequest', contents);
  const result = await roles.put(name, contents, operator);
  const role = toRole(result.role);
  output.print(
    { ...role, created: result.created },
    `The role "${name}" ${result.created ? 'is created' : 'is replaced'}, and permits ${role.permissions.join(', ') || 'nothing'}.${result.created ? '' : ' Clients of its holders refresh, within a second where the service runs.'}`,
  );
}

async function deleteRole({ roles }: Services, output: Output, name: string): Promise<void> {
  await roles.delete(name, operator);
  output.print({ deleted: name }, `The role "${name}" is deleted. Its holders have lost its permissions.`);
}

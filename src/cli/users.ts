import { Option, type Command } from 'commander';
import { formatDuration } from '../clock.js';
import { parseList } from '../config/setting-parsers.js';
import type { Services } from '../server/services.js';
import { validateBody } from '../server/validate-body.js';
import { toUserList } from '../users/user-query.js';
import { toUser } from '../users/users.controller.js';
import type { UserQuery } from '../users/users.models.js';
import { generateOneTimePassword } from '../users/users.service.js';
import { addAction, type Output } from './command-output.js';
import { findUser } from './find-user.js';
import type { WithInstallation } from './installation-command.js';
import { operator } from './operator.js';
import { readPages } from './pages.js';
import { addPasswordOptions, readPassword, type PasswordOptions } from './password-input.js';

interface CreateOptions extends PasswordOptions {
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly displayName?: string;
  readonly roles?: string;
  readonly oneTime?: boolean;
}

interface ListOptions {
  readonly name?: string;
  readonly email?: string;
  readonly role?: string;
  readonly disabled?: boolean;
  readonly enabled?: boolean;
  readonly sort?: NonNullable<UserQuery['sort']>;
  readonly descending?: boolean;
}

export function addUserCommands(program: Command, withInstallation: WithInstallation): void {
  const users = program.command('users').description('accounts');
  addAction(
    users
      .command('list')
      .description('list all accounts, oldest first')
      .option('--name <prefix>', 'only users whose names start with this, in the order of their names')
      .option('--email <prefix>', 'only users whose e-mail addresses start with this')
      .option('--role <name>', 'only users with this role')
      .option('--disabled', 'only disabled users')
      .addOption(new Option('--enabled', 'those that are not').conflicts('disabled'))
      .addOption(
        new Option('--sort <field>', 'in another order').choices(['created_at', 'username', 'last_login_at']),
      )
      .option('--descending', 'in the opposite order'),
    (output, options: ListOptions) => withInstallation((services) => listUsers(services, output, options)),
  );
  addAction(
    addPasswordOptions(
      users
        .command('create')
        .description('make an account, with a generated one-time password unless another one is given')
        .argument('<name>', 'the username')
        .option('--roles <names>', 'names of roles, comma-separated')
        .option('--email <address>', 'an e-mail address')
        .option(
          '--email-verified',
          'the address is known to be the user’s: it is good for logins and gets messages',
        )
        .option('--display-name <name>', 'what people call the user')
        .option('--one-time', 'the given password is good for one login'),
    ),
    (output, name: string, options: CreateOptions) =>
      withInstallation((services) => createUser(services, output, name, options)),
  );
  for (const [word, description] of [
    ['disable', 'close an account: its sessions end, and it cannot log in'],
    ['enable', 'open a disabled account again'],
  ] as const) {
    addAction(
      users.command(word).description(description).argument('<name>', 'the username'),
      (output, name: string) =>
        withInstallation((services) => setDisabled(services, output, name, word === 'disable')),
    );
  }
  addAction(
    users
      .command('set-roles')
      .description('give an account these roles and no others, where no administrator can log in to do so')
      .argument('<name>', 'the username')
      .argument('[roles]', 'names of roles, comma-separated; none: all are taken away'),
    (output, name: string, roles = '') =>
      withInstallation((services) => setRoles(services, output, name, parseList(roles))),
  );
  addAction(
    users
      .command('set-email')
      .description('give an account another e-mail address, or none')
      .argument('<name>', 'the username')
      .argument('[address]', 'the address; none: it is removed')
      .option('--verified', 'the address is known to be the user’s: it works for logins and gets messages'),
    (output, name: string, address: string | undefined, options: { readonly verified?: boolean }) =>
      withInstallation((services) => setEmail(services, output, { name, address, ...options })),
  );
  addAction(
    users
      .command('verify-email')
      .description('mark the e-mail address of an account as verified')
      .argument('<name>', 'the username'),
    (output, name: string) => withInstallation((services) => verifyEmail(services, output, name)),
  );
  addAction(
    users
      .command('send-verification')
      .description('send the message with which a user verifies the e-mail address of an account once more')
      .argument('<name>', 'the username'),
    (output, name: string) => withInstallation((services) => sendVerification(services, output, name)),
  );
  addAction(
    addPasswordOptions(
      users
        .command('reset-password')
        .description('give an account a new one-time password, and end its sessions')
        .argument('<name>', 'the username'),
    ),
    (output, name: string, options: PasswordOptions) =>
      withInstallation((services) => resetPassword(services, output, name, options)),
  );
}

async function listUsers(
  { userLists }: Services,
  output: Output,
  { name, email, role, disabled, enabled, sort, descending = false }: ListOptions,
): Promise<void> {
  const query = validateBody<UserQuery>('UserQuery', {
    ...(name !== undefined && { name }),
    ...(email !== undefined && { email }),
    ...(role !== undefined && { role }),
    ...(disabled === true && { disabled: true }),
    ...(enabled === true && { disabled: false }),
    ...(sort !== undefined && { sort }),
    order: descending ? 'desc' : 'asc',
  });
  const list = toUserList(query);
  const users = readPages((limit, cursor) => userLists.list(list, limit, cursor));
  await output.printList(users, {
    toJson: toUser,
    columns: {
      id: ({ id }) => id,
      name: ({ username }) => username,
      address: ({ email: address, email_verified_at: verifiedAt }) =>
        address === null ? '' : `${address}${verifiedAt === null ? ' (not verified)' : ''}`,
      roles: (user) => toUser(user).roles.join(','),
      state: (user) => describeState(toUser(user)),
      'last login': (user) => toUser(user).last_login_at ?? 'never',
    },
    empty: 'There are no such users.',
  });
}

function describeState({ disabled, password_change_required: isOneTime }: ReturnType<typeof toUser>): string {
  if (disabled) return 'disabled';
  return isOneTime ? 'one-time password' : 'enabled';
}

async function createUser(
  { users, config }: Services,
  output: Output,
  name: string,
  options: CreateOptions,
): Promise<void> {
  const given = readPassword(options);
  const { email, emailVerified, displayName } = options;
  const { username, password, roles } = validateBody('CreateUserRequest', {
    username: name,
    password: given ?? generateOneTimePassword(),
    roles: parseList(options.roles ?? ''),
    ...(email !== undefined && { email }),
    ...(displayName !== undefined && { display_name: displayName }),
  });
  const oneTime = given === undefined || options.oneTime === true ? true : undefined;
  const user = toUser(
    await users.create({ username, password, oneTime, roles, email, emailVerified, displayName }, operator),
  );
  output.print(
    { ...user, ...(given === undefined && { one_time_password: password }) },
    `"${user.username}" is created, with the id ${user.id}${describeRoles(user.roles)}.${given === undefined ? ` Its ${describeOneTime(password, config.oneTimePasswordExpires)}` : ''}`,
  );
}

function describeRoles(roles: readonly string[]): string {
  return roles.length === 0 ? '' : ` and the roles ${roles.join(', ')}`;
}

/** @param lifetime in seconds. */
function describeOneTime(password: string, lifetime: number): string {
  return `one-time password is shown once, and is good for one login, within ${formatDuration(lifetime)}.\n\n    ${password}\n`;
}

async function setDisabled(
  services: Services,
  output: Output,
  name: string,
  disabled: boolean,
): Promise<void> {
  const { id } = await findUser(services, name);
  const user = toUser(await services.users.update(id, { disabled }, operator));
  output.print(
    user,
    disabled
      ? `"${user.username}" is disabled: its sessions end, within a second where the service runs.`
      : `"${user.username}" is enabled, and can log in.`,
  );
}

async function setRoles(
  services: Services,
  output: Output,
  name: string,
  roles: readonly string[],
): Promise<void> {
  const { id } = await findUser(services, name);
  const user = toUser(await services.users.update(id, { roles }, operator));
  output.print(
    user,
    `"${user.username}" has ${user.roles.length === 0 ? 'no roles' : `the roles ${user.roles.join(', ')}`}: clients refresh, within a second where the service runs.`,
  );
}

async function setEmail(
  services: Services,
  output: Output,
  {
    name,
    address = '',
    verified,
  }: { readonly name: string; readonly address?: string | undefined; readonly verified?: boolean },
): Promise<void> {
  const { id } = await findUser(services, name);
  validateBody('UpdateUserRequest', { email: address });
  const user = toUser(await services.users.update(id, { email: address, emailVerified: verified }, operator));
  output.print(user, describeAddress(user));
}

/** @throws {Problem} `validation_failed` where the account has no address. */
async function verifyEmail(services: Services, output: Output, name: string): Promise<void> {
  const { id } = await findUser(services, name);
  const user = toUser(await services.users.update(id, { emailVerified: true }, operator));
  output.print(user, describeAddress(user));
}

async function sendVerification(services: Services, output: Output, name: string): Promise<void> {
  const { id, email } = await findUser(services, name);
  await services.verification.send(id, undefined, operator);
  const state =
    services.config.smtpUrl === undefined
      ? 'stays in the outbox: no mail server is set (LATCHKEY_SMTP_URL)'
      : 'is on its way';
  output.print(
    { user_id: id, email },
    `A message to ${String(email)} ${state}. What it says: latchkey mail latest`,
  );
}

function describeAddress({ username, email, email_verified: isVerified }: ReturnType<typeof toUser>): string {
  return email === undefined
    ? `"${username}" has no e-mail address.`
    : `"${username}" has the address ${email}, which is ${isVerified === true ? '' : 'not '}verified.`;
}

async function resetPassword(
  services: Services,
  output: Output,
  name: string,
  options: PasswordOptions,
): Promise<void> {
  const given = readPassword(options);
  const { id, username } = await findUser(services, name);
  const ends = 'its sessions end, within a second where the service runs.';
  if (given !== undefined) {
    validateBody('UpdateUserRequest', { password: given });
    const user = await services.users.update(id, { password: given }, operator);
    output.print(toUser(user), `"${username}" has the given password; ${ends}`);
    return;
  }
  const password = await services.users.resetPassword(username, operator);
  const user = toUser(await services.users.get(id));
  output.print(
    { ...user, one_time_password: password },
    `The new one-time password of "${username}" is shown once, and is good for one login, within ${formatDuration(services.config.oneTimePasswordExpires)}; ${ends}\n\n    ${String(password)}\n`,
  );
}

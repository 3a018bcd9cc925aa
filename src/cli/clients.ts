import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { ClientKeySet, CreateClientRequest } from '../clients/clients.models.js';
import { toClient } from '../clients/clients.controller.js';
import type { Services } from '../server/services.js';
import { validateBody } from '../server/validate-body.js';
import { StartError } from '../start-error.js';
import { addAction, type Output } from './command-output.js';
import type { WithInstallation } from './installation-command.js';
import { operator } from './operator.js';
import { readPages } from './pages.js';

interface ClientOptions {
  readonly scope: string;
  readonly audience: string[];
  readonly introspectionAudience: string[];
  readonly authMethod: string;
  readonly jwks?: string;
  readonly tokenLifetime?: string;
}

export function addClientCommands(program: Command, withInstallation: WithInstallation): void {
  const clients = program.command('clients').description('services that act for themselves');
  const id = ['<id>', 'as latchkey clients list prints it'] as const;
  addAction(clients.command('list').description('list all clients, oldest first'), (output) =>
    withInstallation((services) => listClients(services, output)),
  );
  addAction(
    clients
      .command('create')
      .description('make a client; its secret is printed once')
      .argument('<name>', 'a name for people')
      .option('--scope <permissions>', 'what its tokens may permit, space-separated', '')
      .option(
        '--audience <audience...>',
        'the audiences that its tokens may have; default: those of users’ tokens',
        [],
      )
      .option('--introspection-audience <audience...>', 'the audiences whose tokens it may introspect', [])
      .addOption(
        new Option('--auth-method <method>', 'how it authenticates')
          .choices(['client_secret_basic', 'client_secret_post', 'private_key_jwt'])
          .default('client_secret_basic'),
      )
      .option('--jwks <file>', 'with private_key_jwt: a file with its public keys')
      .option(
        '--token-lifetime <seconds>',
        'the lifetime of its access tokens; default: that of users’ tokens',
      ),
    (output, name: string, options: ClientOptions) =>
      withInstallation((services) => createClient(services, output, name, options)),
  );
  for (const [word, description] of [
    ['disable', 'refuse a client and its tokens at once'],
    ['enable', 'accept a disabled client again'],
  ] as const) {
    addAction(
      clients
        .command(word)
        .description(description)
        .argument(...id),
      (output, client: string) =>
        withInstallation((services) => setDisabled(services, output, client, word === 'disable')),
    );
  }
  addAction(
    clients
      .command('replace-secret')
      .description(
        'give a client a new secret, which is printed once; the old one and its tokens are refused',
      )
      .argument(...id),
    (output, client: string) => withInstallation((services) => replaceSecret(services, output, client)),
  );
  addAction(
    clients
      .command('delete')
      .description('delete a client: its tokens stop working at once')
      .argument(...id),
    (output, client: string) => withInstallation((services) => deleteClient(services, output, client)),
  );
}

async function listClients({ clients }: Services, output: Output): Promise<void> {
  const rows = readPages((limit, after) => clients.list(limit, after));
  await output.printList(rows, {
    toJson: toClient,
    columns: {
      id: ({ id }) => id,
      name: ({ name }) => name,
      method: ({ auth_method: method }) => method,
      state: ({ disabled_at: at }) => (at === null ? 'enabled' : 'disabled'),
      scope: ({ scopes }) => scopes,
    },
    empty: 'There are no clients.',
  });
}

async function createClient(
  { clients }: Services,
  output: Output,
  name: string,
  options: ClientOptions,
): Promise<void> {
  const request = validateBody<CreateClientRequest>('CreateClientRequest', {
    client_name: name,
    token_endpoint_auth_method: options.authMethod as NonNullable<
      CreateClientRequest['token_endpoint_auth_method']
    >,
    scope: options.scope,
    audiences: options.audience,
    introspection_audiences: options.introspectionAudience,
    ...(options.jwks !== undefined && { jwks: readKeySet(options.jwks) }),
    ...(options.tokenLifetime !== undefined && { access_token_lifetime: Number(options.tokenLifetime) }),
  });
  const { client, secret } = await clients.create(
    {
      name,
      authMethod: request.token_endpoint_auth_method ?? 'client_secret_basic',
      jwks: request.jwks,
      scope: request.scope ?? '',
      audiences: request.audiences ?? [],
      introspectionAudiences: request.introspection_audiences ?? [],
      accessTokenLifetime: request.access_token_lifetime ?? null,
    },
    operator,
  );
  output.print(
    { ...toClient(client), ...(secret !== undefined && { client_secret: secret }) },
    `The client "${client.name}" is created, with the id ${client.id}.${secret === undefined ? '' : describeSecret(secret)}`,
  );
}

function describeSecret(secret: string): string {
  return ` Its secret is shown once, and is not stored:\n\n    ${secret}\n`;
}

function readKeySet(file: string): ClientKeySet {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ClientKeySet;
  } catch (cause) {
    throw new StartError(
      `The file ${file} cannot be read as a JSON Web Key Set (${(cause as Error).message}). It begins with {"keys": [.`,
      { cause },
    );
  }
}

async function setDisabled(
  { clients }: Services,
  output: Output,
  id: string,
  disabled: boolean,
): Promise<void> {
  validateBody('Id', id, 'id');
  const client = await clients.update(id, { disabled }, operator);
  output.print(
    toClient(client),
    `The client "${client.name}" is ${disabled ? 'disabled: it and its tokens are refused, within a second where the service runs' : 'enabled'}.`,
  );
}

async function replaceSecret({ clients }: Services, output: Output, id: string): Promise<void> {
  validateBody('Id', id, 'id');
  const secret = await clients.replaceSecret(id, operator);
  output.print(
    { client_id: id, client_secret: secret },
    `The client ${id} has a new secret; the old one and its tokens are refused.${describeSecret(secret)}`,
  );
}

async function deleteClient({ clients }: Services, output: Output, id: string): Promise<void> {
  validateBody('Id', id, 'id');
  await clients.delete(id, operator);
  output.print({ deleted: id }, `The client ${id} is deleted. Its tokens are refused.`);
}

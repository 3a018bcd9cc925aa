// Finds files and operations of a new feature that exist already.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSources, type Operation } from '../contract/controllers.ts';
import { nameOf } from '../contract/finding.ts';
import type { Names } from './names.ts';
import { listServiceMembers } from './services-file.ts';

/** @returns why the feature cannot be made here; nothing, where it can. */
export function findClashes(root: string, names: Names): string[] {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const { controllers, models } = readSources(root);
  const operations = controllers.flatMap((controller) => controller.operations);
  const errors: string[] = [];
  const isThere = (what: string, where = ''): void =>
    void errors.push(`There is ${what} already${where === '' ? '' : `, at ${where}`}.`);

  const { 'audit-logs': folder, AuditLog, AuditLogs, auditLogs } = names;
  for (const path of [`src/${folder}`, `src/${folder}.ts`, `test/${folder}`, `test/${folder}.test.ts`]) {
    if (existsSync(join(root, path))) isThere(path);
  }
  for (const operation of operations) {
    if (handles(operation, `/${folder}`)) isThere(nameOf(operation), operation.at);
    if (operation.operationId === `list${AuditLogs}`)
      isThere(`an operationId ${operation.operationId}`, operation.at);
  }
  if (folder === 'docs') isThere('Swagger UI at /docs');
  const { components, paths, tags = [] } = readContract(root);
  for (const [path, ofPath] of Object.entries(paths)) {
    // Latchkey's own, which are not in a project's sources.
    for (const [method, { operationId }] of Object.entries(ofPath)) {
      if (operations.some((operation) => operation.operationId === operationId)) continue;
      if (path === `/${folder}`) isThere(`${method.toUpperCase()} ${path}`, 'generated/openapi.json');
      if (operationId === `list${AuditLogs}`)
        isThere(`an operationId ${operationId}`, 'generated/openapi.json');
    }
  }
  for (const name of [AuditLog, `${AuditLog}List`]) {
    const model = models.find((each) => each.name === name);
    if (model) isThere(`a model ${name}`, model.at);
    else if (Object.hasOwn(components.schemas, name)) {
      isThere(`a model ${name}`, 'generated/openapi.json, unless that is old: npm run build renews it');
    }
  }
  const described = ['tsoa-latchkey.json', 'tsoa.json'].flatMap((at) => {
    if (!existsSync(join(root, at))) return [];
    const { spec } = JSON.parse(read(at)) as { spec: { tags?: { name: string }[] } };
    return (spec.tags ?? []).map(({ name }) => ({ tags: [name], at }));
  });
  described.push(...tags.map(({ name }) => ({ tags: [name], at: 'generated/openapi.json' })));
  const tagged = [...operations, ...described].find(({ tags }) =>
    tags.some((tag) => tag.toLowerCase() === names['audit logs']),
  );
  if (tagged) isThere(`a tag "${names['Audit logs']}"`, tagged.at);
  if (listServiceMembers(read('src/services.ts')).includes(auditLogs)) {
    isThere(`a service "${auditLogs}"`, 'src/services.ts, or among those of Latchkey');
  }
  return errors.length > 0 ? [...errors, 'Choose another name.'] : [];
}

interface BuiltContract {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
  readonly tags?: readonly { readonly name: string }[];
}

/** As it was built last; an empty one where it never was. */
function readContract(root: string): BuiltContract {
  const file = join(root, 'generated/openapi.json');
  if (!existsSync(file)) return { paths: {}, components: { schemas: {} } };
  return JSON.parse(readFileSync(file, 'utf8')) as BuiltContract;
}

/** Whether a request to that path would reach it. */
function handles({ path = '' }: Operation, wanted: string): boolean {
  const pattern = path.replaceAll('.', '\\.').replaceAll(/\{[^{}]+\}/g, '[^/]+');
  return RegExp(`^${pattern}$`).test(wanted);
}

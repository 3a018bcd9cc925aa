// Finds files and operations of a new feature that exist already.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSources, type Operation } from '../contract/controllers.ts';
import { nameOf } from '../contract/finding.ts';
import type { Names } from './names.ts';
import { membersOfServices } from './services-file.ts';

/** @returns why the feature cannot be made here; nothing, where it can. */
export function clashes(root: string, names: Names): string[] {
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
    if (answers(operation, `/${folder}`)) isThere(nameOf(operation), operation.at);
    if (operation.operationId === `list${AuditLogs}`)
      isThere(`an operationId ${operation.operationId}`, operation.at);
  }
  if (folder === 'docs') isThere('Swagger UI at /docs');
  const { components } = JSON.parse(read('generated/openapi.json')) as {
    components: { schemas: Record<string, unknown> };
  };
  for (const name of [AuditLog, `${AuditLog}List`]) {
    const model = models.find((each) => each.name === name);
    if (model) isThere(`a model ${name}`, model.at);
    else if (Object.hasOwn(components.schemas, name)) {
      isThere(`a model ${name}`, 'generated/openapi.json, unless that is old: npm run build renews it');
    }
  }
  const described = ['tsoa-latchkey.json', 'tsoa.json'].flatMap((at) => {
    const { spec } = JSON.parse(read(at)) as { spec: { tags: { name: string }[] } };
    return spec.tags.map(({ name }) => ({ tags: [name], at }));
  });
  const tagged = [...operations, ...described].find(({ tags }) =>
    tags.some((tag) => tag.toLowerCase() === names['audit logs']),
  );
  if (tagged) isThere(`a tag "${names['Audit logs']}"`, tagged.at);
  if (membersOfServices(read('src/services.ts')).includes(auditLogs)) {
    isThere(`a service "${auditLogs}"`, 'src/services.ts, or among those of Latchkey');
  }
  return errors.length > 0 ? [...errors, 'Choose another name.'] : [];
}

/** Whether a request to that path would reach it. */
function answers({ path = '' }: Operation, wanted: string): boolean {
  const pattern = path.replaceAll('.', '\\.').replaceAll(/\{[^{}]+\}/g, '[^/]+');
  return RegExp(`^${pattern}$`).test(wanted);
}

// What a new feature begins with: its files, from templates, and the lines that make its service.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Names } from './names.ts';
import { withService } from './services-file.ts';

const templates = join(import.meta.dirname, 'templates');

/** The types and classes that the templates use as they are. */
export function namesInTemplates(): Set<string> {
  const code = readdirSync(templates)
    .map((file) => readFileSync(join(templates, file), 'utf8'))
    .join('\n')
    .replaceAll(/\/\*.*?\*\/|'[^']*'/gs, '')
    .replaceAll(/\{\{[^{}]*\}\}/g, '__');
  return new Set((code.match(/\b[A-Z]\w*/g) ?? []).filter((name) => !name.includes('__')));
}

/** @returns each file's text, by its path. */
export async function filesOfFeature(root: string, names: Names): Promise<Map<string, string>> {
  const { 'audit-logs': folder, AuditLogs, auditLogs } = names;
  const services = 'src/services.ts';
  const texts = {
    [`src/${folder}/${folder}.controller.ts`]: fill('controller.ts.txt', names),
    [`src/${folder}/${folder}.models.ts`]: fill('models.ts.txt', names),
    [`src/${folder}/${folder}.service.ts`]: fill('service.ts.txt', names),
    [`test/${folder}/${folder}.test.ts`]: fill('test.ts.txt', names),
    [services]: withService(readFileSync(join(root, services), 'utf8'), {
      member: auditLogs,
      type: `${AuditLogs}Service`,
      from: `./${folder}/${folder}.service.js`,
    }),
  };
  const formatted = Object.entries(texts).map(async ([path, text]): Promise<[string, string]> => {
    const filepath = join(root, path);
    return [path, await format(text, { ...(await resolveConfig(filepath)), filepath })];
  });
  return new Map(await Promise.all(formatted));
}

function fill(template: string, names: Names): string {
  const text = readFileSync(join(templates, template), 'utf8');
  return text.replaceAll(/\{\{([^{}]*)\}\}/g, (_, form: keyof Names) => names[form]);
}

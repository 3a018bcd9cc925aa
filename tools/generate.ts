// Makes routes and raw documents from the controllers, with tsoa: Latchkey's own, and those of the project in `src`.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Config, Tsoa } from '@tsoa/runtime';
import type * as tsoaCli from '@tsoa/cli/dist/cli.js';
import type * as generator from '@tsoa/cli/dist/metadataGeneration/metadataGenerator.js';
import { root } from '../bin/sources.js';
import { isLatchkeys } from './contract/latchkey-rooms.ts';

const require = createRequire(import.meta.url);
const { generateSpecAndRoutes } = require('@tsoa/cli/dist/cli.js') as typeof tsoaCli;
const { MetadataGenerator } =
  require('@tsoa/cli/dist/metadataGeneration/metadataGenerator.js') as typeof generator;

const [latchkey, project] = [readConfig('tsoa-latchkey.json'), readConfig('tsoa.json')];
try {
  const metadata = new MetadataGenerator(
    project.entryFile,
    {},
    [],
    project.controllerPathGlobs,
    project.spec.rootSecurity,
    undefined,
    true,
  ).Generate();
  const isOwn = ({ location }: Tsoa.Controller): boolean =>
    !isLatchkeys(relative(root, location).replaceAll(sep, '/'));
  await generateSpecAndRoutes(
    { configuration: latchkey },
    partOf(metadata, (each) => !isOwn(each)),
  );
  await generateSpecAndRoutes({ configuration: project }, partOf(metadata, isOwn));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}

function readConfig(file: string): Config {
  return JSON.parse(readFileSync(join(root, file), 'utf8')) as Config;
}

/** Some of the controllers, with the models that they refer to. */
function partOf(
  { controllers, referenceTypeMap }: Tsoa.Metadata,
  isPart: (controller: Tsoa.Controller) => boolean,
): Tsoa.Metadata {
  const part = controllers.filter(isPart);
  const names = new Set<string>();
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    const { refName } = value as { readonly refName?: unknown };
    if (typeof refName === 'string' && !names.has(refName)) {
      names.add(refName);
      visit(referenceTypeMap[refName]);
    }
    for (const member of Object.values(value)) visit(member);
  };
  visit(part);
  return {
    controllers: part,
    referenceTypeMap: Object.fromEntries(
      Object.entries(referenceTypeMap).filter(([name]) => names.has(name)),
    ),
  };
}

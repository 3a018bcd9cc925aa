// Swagger UI's page: scripts that are compiled for browsers, and files as they are.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { toolFiles, type StepOptions } from './steps.ts';

export const page = { folder: 'src/swagger-ui', configFile: 'src/swagger-ui/tsconfig.json' };

export function pageStep(root: string): StepOptions {
  const scripts = readdirSync(join(root, page.folder)).filter((name) => name.endsWith('.ts'));
  return {
    inputs: [...toolFiles, page.folder],
    outputs: scripts.map((name) => join('dist', page.folder, name.replace(/\.ts$/, '.js'))),
  };
}

/** What browsers get as it is written, below the root. */
export function listPageFiles(root: string): string[] {
  return readdirSync(join(root, page.folder))
    .filter((name) => /\.(html|css|svg)$/.test(name))
    .map((name) => join(page.folder, name));
}

// `npm run dev`.
import { join } from 'node:path';
import { isStale, root } from '../bin/sources.js';
import { buildWith } from './compile.ts';
import { Builder } from './project/builder.ts';
import { develop as developProject } from './project/develop.ts';

/** @param project its folder */
export function develop(project: string): Promise<never> {
  return developProject({
    root: project,
    script: join(root, 'bin/serve.js'),
    isStale: () => isStale(false, project),
    createBuilder: () => {
      const builder = new Builder(project, { withTests: false });
      return {
        build: () => buildWith(builder, false, project),
        warmUp: () => {
          builder.warmUp();
        },
      };
    },
  });
}

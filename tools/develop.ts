// `npm run dev`.
import { join } from 'node:path';
import { isStale, root } from '../bin/sources.js';
import { buildWith } from './compile.ts';
import { Builder } from './project/builder.ts';
import { develop as developProject } from './project/develop.ts';

export function develop(): Promise<never> {
  return developProject({
    root,
    script: join(root, 'bin/serve.js'),
    isStale: () => isStale(),
    createBuilder: () => {
      const builder = new Builder(root, { withTests: false });
      return {
        build: () => buildWith(builder, false),
        warmUp: () => {
          builder.warmUp();
        },
      };
    },
  });
}

import { join } from 'node:path';
import { copyCheckout } from '../latchkey/checkout-copy.ts';
import { measureEdits } from '../latchkey/edits.ts';
import type { Scenario } from './scenario.ts';

export const editLoop: Scenario = {
  title: 'From saving a file to what comes of it under npm run dev, and what a build takes',
  run: (conditions) => {
    const folder = copyCheckout(conditions);
    return measureEdits(
      {
        folder,
        launcher: join(folder, 'bin/latchkey.js'),
        build: [join(folder, 'tools/build.ts')],
        controllerFile: 'src/protected/protected.controller.ts',
        modelFile: 'src/protected/protected.models.ts',
        path: '/protected',
        withMessage: (controller, message) => controller.replace(/message: '.*'/, `message: '${message}'`),
        withProperty: (model, property) =>
          model.replace(
            /^export interface ProtectedMessage \{$/m,
            `$&\n  /** Of an edit. */\n  ${property}?: boolean;`,
          ),
        withStatement: (controller, statement) =>
          controller.replace('return {', `${statement}\n    return {`),
      },
      conditions,
    );
  },
};

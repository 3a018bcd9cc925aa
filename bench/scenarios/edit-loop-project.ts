import { join } from 'node:path';
import { measureEdits } from '../latchkey/edits.ts';
import { createPackedProject } from '../latchkey/packed-project.ts';
import type { Scenario } from './scenario.ts';

export const editLoopOfProject: Scenario = {
  title: 'The same in a project that depends on the packed Latchkey',
  run: (conditions) => {
    const folder = createPackedProject(conditions);
    const launcher = join(folder, 'node_modules/latchkey/bin/latchkey.js');
    return measureEdits(
      {
        folder,
        launcher,
        build: [launcher, 'build'],
        controllerFile: 'src/reports/reports.controller.ts',
        modelFile: 'src/reports/reports.models.ts',
        path: '/reports',
        async prepare(url, token) {
          const { ok, status } = await fetch(`${url}/reports`, {
            method: 'POST',
            headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
            body: JSON.stringify({ title: 'First' }),
          });
          if (!ok) throw new Error(`POST /reports: ${status}`);
        },
        withMessage: (controller, message) =>
          controller.replace('return { id, title,', `return { id, title: \`\${title} ${message}\`,`),
        withProperty: (model, property) =>
          model.replace(
            /^export interface Report \{$/m,
            `$&\n  /** Of an edit. */\n  ${property}?: boolean;`,
          ),
        withStatement: (controller, statement) =>
          controller.replace('return { id,', `${statement}\n  return { id,`),
      },
      conditions,
    );
  },
};

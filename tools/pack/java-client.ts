import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../bin/sources.js';
import { generateClient } from './clients.ts';
import { listFiles } from './go-client.ts';
import { run } from './run.ts';
import { checkVersion } from './version.ts';

/** Has Maven deploy it to a folder: the jars of the program, its sources and its documentation, and the POM. */
export function packJavaClient(folder: string): readonly string[] {
  const pom = readFileSync(join(root, 'sdks/java/pom.xml'), 'utf8');
  checkVersion('sdks/java/pom.xml', /<version>([^<]+)<\/version>/.exec(pom)?.[1]);
  const client = generateClient('java');
  const repository = join(folder, 'maven');
  rmSync(repository, { recursive: true, force: true });
  run(
    client,
    'mvn',
    ...[
      '--batch-mode',
      '--no-transfer-progress',
      '-Prelease',
      '-Dmaven.test.skip',
      '-Dmaven.install.skip',
      'clean',
      'deploy',
    ],
    `-DaltDeploymentRepository=packed::${pathToFileURL(repository).href}`,
  );
  return listFiles(folder, 'maven', /\.(jar|pom)$/);
}

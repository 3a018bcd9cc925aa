// How the Java client is made and tested: see tools/sdk.ts.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listBearerOperations } from '../../tools/sdk/bearer-operations.ts';
import { runMaven } from '../../tools/sdk/maven.ts';

export const needs = ['java', 'mvn'];

export async function generate({ document, folder, run }) {
  rmSync(join(folder, 'generated'), { recursive: true, force: true });
  await runMaven(run, ['generate-sources', `-Dlatchkey.document=${document}`]);
  writeFileSync(
    join(folder, 'generated/src/main/java/io/github/latchkey/client/generated/BearerOperations.java'),
    renderBearerOperations(document),
  );
}

function renderBearerOperations(document) {
  // A parameter stands for one segment of a path.
  const patterns = listBearerOperations(document).map(
    ({ method, path }) => `"${method} ${path.replaceAll('.', '\\\\.').replaceAll(/\{[^{}]*\}/g, '[^/]+')}"`,
  );
  return `package io.github.latchkey.client.generated;

import java.util.regex.Pattern;

/** The operations that take a bearer token. */
public final class BearerOperations {
  private static final Pattern OPERATIONS = Pattern.compile(String.join("|",
      ${patterns.join(',\n      ')}));

  private BearerOperations() {}

  /** Whether the operation of a method and a path takes one. */
  public static boolean include(String method, String path) {
    return OPERATIONS.matcher(method + " " + path).matches();
  }
}
`;
}

export async function test({ document, folder, run, env }) {
  await runMaven(run, ['verify', `-Dlatchkey.document=${document}`], {
    env,
    report: join(folder, 'target/surefire-reports'),
  });
}

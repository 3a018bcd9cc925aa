// How the Java client is made and tested: see tools/sdk.ts.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listOperations } from '../../tools/sdk/operations.ts';
import { runMaven } from '../../tools/sdk/maven.ts';

export const needs = ['java', 'mvn'];

export async function generate({ document, folder, run }) {
  rmSync(join(folder, 'generated'), { recursive: true, force: true });
  await runMaven(run, ['generate-sources', `-Dlatchkey.document=${document}`]);
  writeFileSync(
    join(folder, 'generated/src/main/java/io/github/latchkey/client/generated/ContractOperation.java'),
    renderOperations(document),
  );
  completeUploads(folder);
}

/** The generator sends files without their type, and texts and files' names in Latin-1. */
function completeUploads(folder) {
  const sources = join(folder, 'generated/src/main/java/io/github/latchkey/client');
  const utf8 =
    'org.apache.http.entity.ContentType.TEXT_PLAIN.withCharset(java.nio.charset.StandardCharsets.UTF_8)';
  for (const name of readdirSync(join(sources, 'api'))) {
    const file = join(sources, 'api', name);
    const text = readFileSync(file, 'utf8');
    const completed = text
      .replaceAll(
        'MultipartEntityBuilder.create();',
        'MultipartEntityBuilder.create().setMode(org.apache.http.entity.mime.HttpMultipartMode.RFC6532);',
      )
      .replaceAll(
        /addBinaryBody\(("[^"]*"), (\w+)\);/g,
        'addBinaryBody($1, $2, io.github.latchkey.client.generated.FileTypes.typeOf($2), $2.getName());',
      )
      .replaceAll('hasFiles = true;', '')
      .replaceAll(/addTextBody\(("[^"]*"), ([\w.]+\(?\)?)\);/g, `addTextBody($1, $2, ${utf8});`);
    // In memory, a file can be sent again after a refresh; a pipe cannot.
    if (completed !== text) writeFileSync(file, completed);
  }
  writeFileSync(
    join(sources, 'generated/FileTypes.java'),
    `package io.github.latchkey.client.generated;

import java.io.File;
import java.net.URLConnection;
import org.apache.http.entity.ContentType;

/** The media types of files, by their names. */
public final class FileTypes {
  private FileTypes() {}

  /** The type, or that of any bytes if the name does not say it. */
  public static ContentType typeOf(File file) {
    String type = URLConnection.guessContentTypeFromName(file.getName());
    return type == null ? ContentType.APPLICATION_OCTET_STREAM : ContentType.create(type);
  }
}
`,
  );
}

function renderOperations(document) {
  const entries = listOperations(document).map(({ method, path, takesToken, mediaTypes, renewsTokens }) => {
    // A parameter stands for one segment of a path.
    const pattern = `${method} ${path.replaceAll('.', '\\\\.').replaceAll(/\{[^{}]*\}/g, '[^/]+')}`;
    const types = mediaTypes.map((type) => JSON.stringify(type)).join(', ');
    return `new ContractOperation("${pattern}", ${takesToken}, Set.of(${types}), ${renewsTokens})`;
  });
  return `package io.github.latchkey.client.generated;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the client has to know of an operation beside its types.
 *
 * @param takesToken whether it takes a bearer token
 * @param mediaTypes those of its successful responses; an empty one stands for a response without a body
 * @param renewsTokens whether its response has the next tokens of the session
 */
public record ContractOperation(
    Pattern pattern, boolean takesToken, Set<String> mediaTypes, boolean renewsTokens) {
  /** Those with fewer parameters in their paths first. */
  private static final List<ContractOperation> ALL = List.of(
      ${entries.join(',\n      ')});

  private ContractOperation(String pattern, boolean takesToken, Set<String> mediaTypes, boolean renewsTokens) {
    this(Pattern.compile(pattern), takesToken, mediaTypes, renewsTokens);
  }

  /** The operation of a method and a path; empty if it is not in the contract. */
  public static Optional<ContractOperation> find(String method, String path) {
    String called = method + " " + path;
    return ALL.stream().filter(operation -> operation.pattern.matcher(called).matches()).findFirst();
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

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { adminPassword } from '../support/api-client.js';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';
import { packFiles } from '../support/packed.js';
import { copyEnvironment } from '../support/project-copy.js';
import { hasPython } from '../support/python.js';
import { endProcesses, Installation } from '../support/service-process.js';
import { readBlocks } from '../support/shown-commands.js';

const password = 'a-long-password-of-yours';

/** The first block in a language of a page. */
function exampleOf(page: string, language: string): string {
  const blocks = readBlocks(readFileSync(join(checkout, page), 'utf8'));
  return blocks.find((block) => block.language === language)?.text ?? '';
}

function has(command: string, ...words: readonly string[]): boolean {
  return spawnSync(command, words).status === 0;
}

/** As a user of a packed client has it: a folder without anything, and the package. */
describe('A packed client, in an empty folder,', function () {
  this.timeout(600_000); // generators, and the packages that they need
  const folder = temporaryFolder();
  let url: string;

  before(async () => {
    const installation = await Installation.make({ LATCHKEY_ADMIN_PASSWORD: adminPassword });
    const { api } = await installation.start();
    await api.createUser('ada', password);
    ({ url } = api);
  });
  after(endProcesses);

  /** Runs a command there. @throws with what it printed, where it fails. */
  function run(
    name: string,
    command: string,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): string {
    const ran = spawnSync(command, words, {
      cwd: folder.path(name),
      encoding: 'utf8',
      env: { ...copyEnvironment(), ...env },
    });
    if (ran.error) throw ran.error;
    if (ran.status !== 0)
      throw new Error(`${command} ${words.join(' ')} failed:\n${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  }

  function write(name: string, files: Readonly<Record<string, string>>): void {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(folder.path(join(name, file))), { recursive: true });
      writeFileSync(folder.path(join(name, file)), text);
    }
  }

  it('for Python, runs the example of its README', function () {
    if (!hasPython()) {
      console.warn('There is no python3 with venv: install it, so that the client for Python can be tried.');
      this.skip();
    }
    const wheel = packFiles('python-client').find((file) => file.endsWith('.whl')) ?? '';
    write('python', { 'example.py': exampleOf('sdks/python/README.md', 'python') });
    run('python', 'python3', ['-m', 'venv', '.venv']);
    const python = folder.path('python/.venv/bin/python');
    run('python', python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', wheel]);
    const environment = { LATCHKEY_URL: url, LATCHKEY_USERNAME: 'ada', LATCHKEY_PASSWORD: password };
    const printed = run('python', python, ['example.py'], environment);
    expect(printed).to.match(/^This is a protected endpoint\.\nMay not: .+\n$/);
  });

  it('for Go, runs the example of its README', function () {
    if (!has('go', 'version')) {
      console.warn('There is no go: install it, so that the client for Go can be tried.');
      this.skip();
    }
    packFiles('go-client');
    const example = exampleOf('sdks/go/README.md', 'go').replace('https://login.example.com', url);
    const imports = ['context', 'fmt', 'github.com/latchkey/latchkey-go/generated/api'];
    write('go', {
      'main.go': `package main
import (
  ${imports.map((name) => `"${name}"`).join('\n  ')}
  latchkey "github.com/latchkey/latchkey-go"
)
func check(err error) {
  if err != nil {
    panic(err)
  }
}
func main() {
  ctx := context.Background()
  ${example}
}
`,
    });
    const environment = {
      GOPROXY: `${pathToFileURL(join(checkout, 'dist/packages/go')).href},${run('go', 'go', ['env', 'GOPROXY']).trim()}`,
      GONOSUMDB: 'github.com/latchkey/latchkey-go',
      // The version may be in the user's cache as it was packed earlier.
      GOMODCACHE: folder.path('go-cache'),
      GOFLAGS: '-modcacherw',
    };
    run('go', 'go', ['mod', 'init', 'example.test/mine'], environment);
    run('go', 'go', ['get', 'github.com/latchkey/latchkey-go'], environment);
    expect(run('go', 'go', ['run', '.'], environment)).to.match(
      /^This is a protected endpoint\.\nRefused: .+\n$/,
    );
  });

  it('for Java, runs the example of its README', function () {
    if (!has('java', '-version') || !has('mvn', '--version')) {
      console.warn('There is no java or no mvn: install both, so that the client for Java can be tried.');
      this.skip();
    }
    packFiles('java-client');
    const example = exampleOf('sdks/java/README.md', 'java').replace('https://login.example.com', url);
    write('java', {
      'pom.xml': `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>test.example</groupId>
  <artifactId>mine</artifactId>
  <version>1</version>
  <repositories>
    <repository><id>packed</id><url>${pathToFileURL(join(checkout, 'dist/packages/maven')).href}</url></repository>
  </repositories>
  <dependencies>${exampleOf('sdks/java/README.md', 'xml')}</dependencies>
</project>
`,
      'Main.java': `import io.github.latchkey.client.*;
import io.github.latchkey.client.api.*;
import io.github.latchkey.client.model.*;
public final class Main {
  public static void main(String[] arguments) {
    ${example}
  }
}
`,
    });
    // The version may be in the user's repository as it was packed earlier.
    const local = join(checkout, 'dist/maven-local');
    rmSync(join(local, 'io/github/latchkey'), { recursive: true, force: true });
    const goal = ['dependency:build-classpath', '-Dmdep.outputFile=classpath.txt'];
    run('java', 'mvn', ['--batch-mode', '--quiet', `-Dmaven.repo.local=${local}`, ...goal]);
    const packages = readFileSync(folder.path('java/classpath.txt'), 'utf8').trim();
    const printed = run('java', 'java', ['-cp', packages, 'Main.java']);
    expect(printed).to.match(/^This is a protected endpoint\.\nRefused: .+\n$/);
  });
});

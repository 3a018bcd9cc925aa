import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reservePort } from '../../support/ports.js';
import { bothTypes, findBlock, type ResourceServer } from './resource-server.js';
import { startServer } from './running-server.js';
import { hasCommand, projectFolder, runTool, writeProgram } from './tools.js';

const java = { MAVEN_OPTS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' };
const mavenWords = ['--batch-mode', '--no-transfer-progress', '--quiet'];

/** Maven resolves the packages alone: the program is compiled as it is shown. */
export function onJava(
  name: string,
  heading: string,
  project: string,
  {
    takes,
    checksType,
    bySettings = false,
  }: Pick<ResourceServer, 'takes' | 'checksType'> & {
    /** By the properties that are shown, in the place of the bean jwtDecoder. */
    readonly bySettings?: boolean;
  },
): ResourceServer {
  return {
    name,
    heading,
    takes,
    checksType,
    prepare() {
      if (!hasCommand('mvn')) return 'mvn';
      return hasCommand('javac') ? undefined : 'javac';
    },
    async start(blocks) {
      const folder = projectFolder(project);
      const classpath = join(folder, 'classpath.txt');
      runTool(
        folder,
        'mvn',
        [...mavenWords, 'dependency:build-classpath', `-Dmdep.outputFile=${classpath}`],
        java,
      );
      const shown = findBlock(blocks, 'java');
      const source = bySettings ? shown.replace(/ +@Bean\n +JwtDecoder [^]*?\n {2}}\n/, '') : shown;
      const [, mainClass = ''] = /public class (\w+)/.exec(source) ?? [];
      const [, inPackage = ''] = /^package (.*);/m.exec(source) ?? [];
      const path = writeProgram(folder, `${mainClass}.java`, source);
      const classes = join(folder, bySettings ? 'classes-by-settings' : 'classes');
      if (bySettings) writeProgram(classes, 'application.properties', findBlock(blocks, 'properties'));
      const packages = readFileSync(classpath, 'utf8');
      runTool(folder, 'javac', ['-parameters', '-d', classes, '-cp', packages, path]);
      const port = await reservePort();
      return startServer({
        command: 'java',
        words: [
          '-XX:TieredStopAtLevel=1',
          '-cp',
          `${classes}:${packages}`,
          inPackage === '' ? mainClass : `${inPackage}.${mainClass}`,
        ],
        folder,
        port,
        environment: { SERVER_PORT: String(port) },
      });
    },
  };
}

export const quarkus: ResourceServer = {
  name: 'Quarkus',
  heading: 'Quarkus',
  takes: bothTypes,
  checksType: false,
  prepare: () => (hasCommand('mvn') ? undefined : 'mvn'),
  async start(blocks) {
    const folder = projectFolder('quarkus');
    writeProgram(folder, 'src/main/resources/application.properties', findBlock(blocks, 'properties'));
    writeProgram(folder, 'src/main/java/com/example/Reports.java', findBlock(blocks, 'java'));
    runTool(folder, 'mvn', [...mavenWords, 'package'], java);
    const port = await reservePort();
    return startServer({
      command: 'java',
      words: ['-XX:TieredStopAtLevel=1', '-jar', join(folder, 'target/quarkus-app/quarkus-run.jar')],
      folder,
      port,
      environment: { QUARKUS_HTTP_PORT: String(port), QUARKUS_HTTP_HOST: '127.0.0.1' },
    });
  },
};

export const goOidc: ResourceServer = {
  name: 'Go with go-oidc',
  heading: 'Go with go-oidc',
  takes: bothTypes,
  checksType: false,
  prepare: () => (hasCommand('go', 'version') ? undefined : 'go'),
  async start(blocks) {
    const folder = projectFolder('go-oidc');
    writeProgram(folder, 'main.go', findBlock(blocks, 'go'));
    runTool(folder, 'go', ['build', '-o', 'server', '.']);
    return startServer({ command: join(folder, 'server'), words: [], folder, port: await reservePort() });
  },
};

export const rust: ResourceServer = {
  name: 'Rust with jsonwebtoken',
  heading: 'Rust with jsonwebtoken',
  takes: ['at+jwt'],
  checksType: true,
  prepare: () => (hasCommand('cargo') ? undefined : 'cargo'),
  async start(blocks) {
    const folder = projectFolder('rust');
    writeProgram(folder, 'src/main.rs', findBlock(blocks, 'rust'));
    runTool(folder, 'cargo', ['build', '--quiet', '--locked']);
    const command = join(folder, 'target/debug/resource-server');
    return startServer({ command, words: [], folder, port: await reservePort() });
  },
};

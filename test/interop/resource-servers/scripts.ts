import { join } from 'node:path';
import ts from 'typescript';
import { installPackages } from '../../support/npm.js';
import { reservePort } from '../../support/ports.js';
import { hasPython, PythonEnvironment } from '../../support/python.js';
import { findBlock, type ResourceServer } from './resource-server.js';
import { startServer } from './running-server.js';
import { hasCommand, projectFolder, writeProgram } from './tools.js';

export function onNode(
  heading: string,
  { takes, checksType }: Pick<ResourceServer, 'takes' | 'checksType'>,
): ResourceServer {
  return {
    name: heading,
    heading,
    takes,
    checksType,
    prepare() {
      installPackages(projectFolder('node'));
      return undefined;
    },
    async start([program]) {
      const folder = projectFolder('node');
      // TypeScript, where it is that; Node's own type stripping knows no decorators.
      const { outputText } = ts.transpileModule(program?.text ?? '', {
        compilerOptions: {
          module: ts.ModuleKind.ESNext,
          target: ts.ScriptTarget.ES2022,
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
        },
      });
      const path = writeProgram(folder, `${heading.replaceAll(/\W+/g, '-')}.mjs`, outputText);
      return startServer({ command: process.execPath, words: [path], folder, port: await reservePort() });
    },
  };
}

const python = new PythonEnvironment('resource-servers/venv');

export function onPython(
  heading: string,
  { takes, checksType }: Pick<ResourceServer, 'takes' | 'checksType'>,
  serve: (module: string, port: string) => readonly string[],
): ResourceServer {
  return {
    name: heading,
    heading,
    takes,
    checksType,
    prepare() {
      if (!hasPython()) return 'python3 with venv';
      python.prepare(join(projectFolder('python'), 'requirements.txt'));
      return undefined;
    },
    async start(blocks) {
      const folder = projectFolder('python');
      const module = heading.replaceAll(/\W+/g, '_').toLowerCase();
      writeProgram(folder, `${module}.py`, findBlock(blocks, 'python'));
      const port = await reservePort();
      const words = ['-m', ...serve(module, String(port))];
      return startServer({ command: python.python, words, folder, port });
    },
  };
}

export const uvicorn = (module: string, port: string): readonly string[] => [
  'uvicorn',
  `${module}:app`,
  '--port',
  port,
];
export const gunicorn = (module: string, port: string): readonly string[] => [
  'gunicorn',
  `${module}:app`,
  '-b',
  `127.0.0.1:${port}`,
];

export const ruby: ResourceServer = {
  name: 'Ruby with ruby-jwt',
  heading: 'Ruby with ruby-jwt',
  takes: ['at+jwt'],
  checksType: true,
  prepare: () =>
    hasCommand('ruby', '-e', 'require "jwt"; require "webrick"') ? undefined : 'ruby with jwt and webrick',
  async start(blocks) {
    const folder = projectFolder('ruby');
    const path = writeProgram(folder, 'server.rb', findBlock(blocks, 'ruby'));
    return startServer({ command: 'ruby', words: [path], folder, port: await reservePort() });
  },
};

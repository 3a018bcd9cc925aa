import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { reservePort } from '../support/ports.js';
import { ProjectCopy } from '../support/project-copy.js';
import { Command, endProcesses } from '../support/service-process.js';
import { until } from '../support/until.js';

const controllerFile = 'src/protected/protected.controller.ts';
const modelFile = 'src/protected/protected.models.ts';
const password = 'a long enough password';

describe('latchkey dev', () => {
  let project: ProjectCopy;
  let development: Command;
  let url: string;
  let token: string | undefined;
  let controller: string;
  let model: string;

  before(async () => {
    project = new ProjectCopy({ built: true });
    controller = readFileSync(project.path(controllerFile), 'utf8');
    model = readFileSync(project.path(modelFile), 'utf8');
    const port = await reservePort();
    url = `http://127.0.0.1:${port}`;
    development = new Command(['dev'], {
      folder: project.folder,
      from: project.folder,
      settings: { PORT: String(port), LATCHKEY_ADMIN_PASSWORD: password, JWT_ACCESS_TOKEN_EXPIRES: '1h' },
    });
    await untilResponse('/health/ready', ({ status }) => status === 200, 'is 200');
    const response = await fetch(`${url}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password }),
    });
    ({ access_token: token } = (await response.json()) as { access_token: string });
  });
  after(async () => {
    await endProcesses();
    project.remove();
  });

  /** Status 0 where nobody responds, as while it restarts. */
  const get = (path: string): Promise<{ status: number; text: string }> =>
    fetch(url + path, {
      headers: { ...(token !== undefined && { Authorization: `Bearer ${token}` }), Connection: 'close' },
      signal: AbortSignal.timeout(10_000),
    }).then(
      async (response) => ({ status: response.status, text: await response.text() }),
      (error: unknown) => ({ status: 0, text: String((error as Error).cause ?? error) }),
    );
  /** Waits for a response, and shows the last one where it does not come. */
  const untilResponse = async (
    path: string,
    isIt: (response: { status: number; text: string }) => boolean,
    what: string,
  ): Promise<void> => {
    let last = 'none';
    await until(
      async () => {
        if (development.exitCode !== null) throw new Error('latchkey dev has ended.');
        const response = await get(path);
        last = `${response.status} ${response.text}`;
        return isIt(response);
      },
      () => `GET ${path} ${what}; the last response: ${last}`,
    );
  };
  const serves = (text: string, path = '/protected'): Promise<void> =>
    untilResponse(path, (response) => response.text.includes(text), `has ${text}`);
  const withMessage = (message: string): string =>
    controller.replace(/message: '.*'/, `message: '${message}'`);
  const save = (file: string, text: string): void => {
    writeFileSync(project.path(file), text);
  };
  /** @returns what was said of errors since. */
  const errorsAfter = async (edit: () => void, end: string): Promise<string> => {
    const before = development.stderr.length;
    edit();
    await development.until(() => development.stderr.slice(before).includes(end), `said "${end}"`);
    return development.stderr.slice(before);
  };

  it('serves a changed body, and says that it has rebuilt', async () => {
    save(controllerFile, withMessage('Changed.'));
    await serves('{"message":"Changed."}');
    await development.until(
      () => /^Rebuilt in \d+\.\d s; restarted\.$/m.test(development.stdout),
      'said that it has rebuilt',
    );
  });

  it('serves a changed signature, and has it in the routes and in the document', async () => {
    save(
      modelFile,
      model.replace('  message: string;', '  message: string;\n  /** How often. */\n  times: number;'),
    );
    save(controllerFile, withMessage('Signed.').replace("'Signed.'", "'Signed.', times: 3"));
    await serves('{"message":"Signed.","times":3}');
    const { text } = await get('/openapi.json');
    expect(JSON.parse(text)).to.have.nested.property('components.schemas.ProtectedMessage.properties.times');
    expect(readFileSync(project.path('generated/openapi.json'), 'utf8')).to.include('"How often."');
    save(modelFile, model);
    save(controllerFile, controller);
    await serves('{"message":"This is a protected endpoint."}');
  });

  for (const [what, broken, says] of [
    [
      'an error of types',
      () => withMessage('x').replace('return {', 'return missing && {'),
      /:\d+:\d+: .*'missing'/,
    ],
    ['an error of syntax', () => withMessage('x').replace('return {', 'return {{'), /:\d+:\d+: .*expected/],
    [
      'an operation that does not say who may call it',
      () => withMessage('x').replace("@Security('bearer')\n", ''),
      /:\d+: GET \/protected does not say who may call it\. Write @Security/,
    ],
  ] as const) {
    it(`shows ${what} with its file and line, keeps serving, and rebuilds when it is corrected`, async () => {
      const said = await errorsAfter(() => {
        save(controllerFile, broken());
      }, 'The service goes on as it was.');
      expect(said).to.match(new RegExp(`^${controllerFile.replaceAll('.', '\\.')}${says.source}`, 'm'));
      expect(said).not.to.match(/^ +at /m);
      expect((await get('/protected')).text).to.equal('{"message":"This is a protected endpoint."}');
      save(controllerFile, withMessage('Repaired.'));
      await serves('Repaired.');
      save(controllerFile, controller);
      await serves('This is a protected endpoint.');
    });
  }

  it('loses no edit that comes while it builds', async () => {
    for (let edit = 1; edit <= 10; edit += 1) {
      save(controllerFile, withMessage(`Edit ${edit}.`));
      // Any response: some of these edits come while it builds, and some while it restarts.
      await get('/health/live');
    }
    await serves('Edit 10.');
  });

  it('sees what editors write by renaming, again and again', async () => {
    for (const message of ['Renamed once.', 'Renamed twice.']) {
      save(`${controllerFile}.tmp`, withMessage(message));
      renameSync(project.path(`${controllerFile}.tmp`), project.path(controllerFile));
      await serves(message);
    }
  });

  it('builds with files that are new, renamed and deleted, and with folders of them', async () => {
    const withImport = (file: string): string =>
      withMessage('x')
        .replace('import type {', `import { words } from '${file}';\nimport type {`)
        .replace("message: 'x'", 'message: words');
    mkdirSync(project.path('src/protected/inner'));
    save('src/protected/inner/words.ts', "export const words = 'From a new folder.';\n");
    save(controllerFile, withImport('./inner/words.js'));
    await serves('From a new folder.');
    save('src/protected/inner/words.ts', "export const words = 'Edited there.';\n");
    await serves('Edited there.');
    renameSync(project.path('src/protected/inner/words.ts'), project.path('src/protected/words.ts'));
    rmSync(project.path('src/protected/inner'), { recursive: true });
    save('src/protected/words.ts', "export const words = 'Renamed.';\n");
    save(controllerFile, withImport('./words.js'));
    await serves('Renamed.');
    expect(existsSync(project.path('dist/src/protected/inner'))).to.equal(false);
    const said = await errorsAfter(() => {
      rmSync(project.path('src/protected/words.ts'));
    }, 'The service goes on as it was.');
    expect(said).to.match(/protected\.controller\.ts:\d+:\d+: .*'\.\/words\.js'/);
    save(controllerFile, controller);
    await serves('This is a protected endpoint.');
  });

  it('keeps the old service where the new one cannot be loaded', async () => {
    await errorsAfter(() => {
      save(controllerFile, `${withMessage('x')}\nthrow new Error('It fails to load.');\n`);
    }, 'cannot be loaded');
    expect(development.stderr).to.include('It fails to load.');
    expect((await get('/protected')).text).to.include('This is a protected endpoint.');
    save(controllerFile, withMessage('It loads.'));
    await serves('It loads.');
  });

  it('says that a service did not start, and starts the next one', async () => {
    const file = 'src/server/main.ts';
    const main = readFileSync(project.path(file), 'utf8');
    await errorsAfter(() => {
      save(
        file,
        main.replace(
          'const config = readConfig(',
          "throw new Error('It fails to start.');\n    const config = readConfig(",
        ),
      );
    }, 'The service did not start');
    expect(development.stderr).to.include('It fails to start.');
    save(file, main);
    await serves('It loads.');
  });

  it('says that a service did not start where it ends after it was loaded, and starts the next one', async () => {
    const ends = `${withMessage('x')}\nsetTimeout(() => process.exit(3), 20);\n`;
    await errorsAfter(() => {
      save(controllerFile, ends);
    }, 'The service did not start');
    save(controllerFile, controller);
    await serves('This is a protected endpoint.');
  });

  it('says that a service has ended by itself, and starts the next one', async () => {
    save(controllerFile, withMessage('x').replace('return {', 'process.exit(3);\n    return {'));
    await development.until(async () => {
      await get('/protected');
      return development.stderr.includes('The service has ended.');
    }, 'said that its service has ended');
    save(controllerFile, controller);
    await serves('This is a protected endpoint.');
  });

  it('builds with changed settings of the build', async () => {
    const settings = readFileSync(project.path('tsoa.json'), 'utf8');
    save('tsoa.json', settings.replace('"description": "', '"description": "Changed: '));
    await serves('"description":"Changed: ', '/openapi.json');
    save('tsoa.json', settings);
    await until(async () => !(await get('/openapi.json')).text.includes('Changed: '));
  });

  it('ends with its service on Ctrl-C', async () => {
    const { exitCode } = await development.end('SIGINT');
    expect(exitCode).to.equal(0);
    expect((await get('/health/live')).status).to.equal(0);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import supertest, { type Test } from 'supertest';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';
import { PackedProject } from '../support/packed-project.js';
import { copyEnvironment } from '../support/project-copy.js';
import { reservePort } from '../support/ports.js';
import { hasPython } from '../support/python.js';
import { endProcesses, createFolder, ServiceProcess } from '../support/service-process.js';

const password = 'a long enough password';
const controller = `import { existsSync } from 'node:fs';
import {
  FileLimits, FormField, Post, Route, Security, SuccessResponse, UploadedFile, UploadedFiles, type File,
} from 'latchkey';

/** What is known of a picture. */
export interface Picture {
  /** @maxLength 200 */
  title: string;
  /** @maxLength 200 */
  name: string;
  /**
   * @isInt
   * @minimum 0
   * @maximum 1000
   */
  size: number;
}

/** What is known of several. */
export interface PictureList {
  /** @maxItems 3 */
  items: Picture[];
}

/** Pictures. */
@Route('pictures')
export class PicturesController {
  /** Takes one picture, which is in memory. */
  @Post()
  @Security('bearer', ['reports:write'])
  @SuccessResponse(201, 'Taken.')
  @FileLimits({ maxSize: 1000, types: ['image/png'] })
  public async addPicture(@UploadedFile() picture: File, @FormField() title: string): Promise<Picture> {
    return { title, name: picture.originalname, size: picture.buffer.length };
  }

  /** Takes several, which are on disk. */
  @Post('several')
  @Security('bearer', ['reports:write'])
  @FileLimits({ maxSize: 1000, maxCount: 3, storage: 'disk' })
  public async addPictures(@UploadedFiles() pictures: File[], @FormField() title?: string): Promise<PictureList> {
    return {
      items: pictures
        .filter(({ path }) => existsSync(path))
        .map(({ originalname: name, size }) => ({ title: title ?? '', name, size })),
    };
  }
}
`;

const picture = Buffer.from('a picture');

describe('A project with an operation that accepts files', function () {
  this.timeout(600_000); // it packs, installs, builds, and makes clients
  const folder = temporaryFolder();
  let project: PackedProject;
  let service: ServiceProcess;
  let token: string;

  before(async () => {
    project = PackedProject.create(folder.path('my-api'));
    project.install();
    mkdirSync(project.path('src/pictures'));
    writeFileSync(project.path('src/pictures/pictures.controller.ts'), controller);
    expect(project.npmRun('build').stderr).to.equal('');
    const port = String(await reservePort());
    const settings = { PORT: port, LATCHKEY_ADMIN_PASSWORD: password, TMPDIR: await createFolder() };
    const from = project.path('node_modules/latchkey');
    service = new ServiceProcess({ folder: project.folder, from, settings }, `http://127.0.0.1:${port}`);
    await service.waitUntilReady();
    const login = supertest(service.api.url).post('/login').send({ username: 'admin', password });
    ({ access_token: token } = (await login.expect(200)).body as { access_token: string });
  });
  after(endProcesses);

  const post = (path: string): Test =>
    supertest(service.api.url).post(path).set('Authorization', `Bearer ${token}`);
  const png = { filename: 'a.png', contentType: 'image/png' };

  it('is not built with invalid limits, and is told where they are', () => {
    const file = project.path('src/pictures/pictures.controller.ts');
    for (const [right, wrong, says] of [
      ['maxSize: 1000,', 'maxSize: 0,', /maxSize 0 is no size\. Write a number of bytes, or '5 MB'\.$/m],
      ['maxCount: 3,', 'maxCount: Number(-1),', /maxCount -1 is no number of files\. Write 1 or more\.$/m],
      ["['image/png']", "['png']", /"png" is no media type\. Write one such as image\/png, or image\/\*\.$/m],
    ] as const) {
      const line = controller.split('\n').findIndex((text) => text.includes(right)) + 1;
      writeFileSync(file, controller.replace(right, wrong));
      const { status, stderr } = project.latchkey('build');
      expect(status).to.equal(1);
      const place = `src/pictures/pictures.controller.ts:${line}: @FileLimits of PicturesController.`;
      expect(stderr).to.include(place).and.to.match(says);
    }
    writeFileSync(file, controller);
    expect(project.latchkey('build').status).to.equal(0);
  });

  it('has files in its contract, with their limits', () => {
    const { paths } = JSON.parse(readFileSync(project.path('generated/openapi.json'), 'utf8')) as {
      readonly paths: object;
    };
    const form = 'requestBody.content.multipart/form-data';
    expect(paths)
      .to.have.nested.property(`/pictures.post.${form}.schema.required`)
      .that.has.members(['picture', 'title']);
    expect(paths).to.have.nested.property(`/pictures.post.${form}.encoding.picture.contentType`, 'image/png');
    expect(paths).to.have.nested.property(
      `/pictures/several.post.${form}.schema.properties.pictures.maxItems`,
      3,
    );
  });

  it('accepts a file in memory, and several on disk', async () => {
    const { body } = await post('/pictures')
      .attach('picture', picture, png)
      .field('title', 'July')
      .expect(201);
    expect(body).to.deep.equal({ title: 'July', name: 'a.png', size: picture.length });
    const several = await post('/pictures/several')
      .attach('pictures', picture, png)
      .attach('pictures', picture, 'b.txt')
      .expect(200);
    expect(several.body.items).to.deep.equal([
      { title: '', name: 'a.png', size: picture.length },
      { title: '', name: 'b.txt', size: picture.length },
    ]);
  });

  it('refuses files that exceed a limit', async () => {
    const codes = async (request: Test, status: number): Promise<string> =>
      ((await request.expect(status)).body as { code: string }).code;
    const large = Buffer.alloc(1001);
    expect(await codes(post('/pictures').attach('picture', large, png).field('title', 'a'), 413)).to.equal(
      'payload_too_large',
    );
    expect(
      await codes(post('/pictures').attach('picture', picture, 'a.txt').field('title', 'a'), 415),
    ).to.equal('unsupported_media_type');
    expect(await codes(post('/pictures').attach('picture', picture, png), 422)).to.equal('validation_failed');
    expect(await codes(post('/pictures').field('title', 'a'), 422)).to.equal('validation_failed');
    expect(await codes(post('/pictures').send({ title: 'a' }), 400)).to.equal('missing_form');
    const anyone = supertest(service.api.url).post('/pictures').attach('picture', picture, png);
    expect(await codes(anyone, 401)).to.equal('authentication_required');
  });

  /** Runs a command in the project. @throws with what it printed, where it fails. */
  function run(cwd: string, command: string, ...words: readonly string[]): string {
    const { status, stdout, stderr, error } = spawnSync(command, words, {
      cwd,
      encoding: 'utf8',
      env: { ...copyEnvironment(), LATCHKEY_URL: service.api.url, LATCHKEY_PASSWORD: password },
    });
    if (error) throw error;
    if (status !== 0) throw new Error(`${command} ${words.join(' ')} failed:\n${stdout}${stderr}`);
    return stdout;
  }

  /** As docs/sdks.md says, from a checkout. */
  function makeClient(language: string): string {
    const client = project.path(`clients/${language}`);
    const document = project.path('generated/openapi.json');
    const words = ['tools/sdk.ts', 'generate', language, '--document', document, '--out', client];
    expect(run(checkout, process.execPath, ...words)).to.include(`ok       ${language}: ${client}`);
    return client;
  }

  it('gets a client for TypeScript, which has its operations beside Latchkey’s', () => {
    const client = makeClient('typescript');
    writeFileSync(
      join(client, 'src/try.ts'),
      `import { LatchkeyClient, uploadOf } from './index.js';
const { LATCHKEY_URL = '', LATCHKEY_PASSWORD = '' } = (globalThis as unknown as {
  process: { env: Record<string, string> };
}).process.env;
const latchkey = new LatchkeyClient({ baseUrl: LATCHKEY_URL });
await latchkey.login('admin', LATCHKEY_PASSWORD);
const file = new File(['a picture'], 'a.png', { type: 'image/png' });
const { data } = await latchkey.api.POST('/pictures', uploadOf({ picture: file, title: 'July' }));
const { data: report } = await latchkey.api.POST('/reports', { body: { title: 'First' } });
const { data: page } = await latchkey.api.GET('/reports');
console.log(data.name, data.size, page.items.some(({ id }) => id === report.id));
await latchkey.logout();
`,
    );
    run(client, process.execPath, 'node_modules/typescript/bin/tsc');
    expect(run(client, process.execPath, 'dist/src/try.js')).to.equal('a.png 9 true\n');
  });

  it('gets one for Python, too', function () {
    if (!hasPython()) {
      console.warn('There is no python3 with venv: install it, so that the client for Python can be tried.');
      this.skip();
    }
    const client = makeClient('python');
    run(client, join(client, '.venv/bin/hatchling'), 'build', '-t', 'wheel');
    const python = join(client, '.venv/bin/python');
    run(client, 'sh', '-c', '.venv/bin/python -m pip install --quiet --no-deps dist/*.whl');
    const code = `
import io, os
from latchkey_client import Latchkey
from latchkey_client.models import AddPictureBody, NewReport
from latchkey_client.types import File

with Latchkey(os.environ["LATCHKEY_URL"]) as latchkey:
    latchkey.login("admin", os.environ["LATCHKEY_PASSWORD"])
    file = File(io.BytesIO(b"a picture"), file_name="a.png", mime_type="image/png")
    picture = latchkey.pictures.add_picture(body=AddPictureBody(picture=file, title="July"))
    report = latchkey.reports.create(body=NewReport(title="First"))
    print(picture.name, picture.size, report.id in [each.id for each in latchkey.reports.list().items])
`;
    expect(run(client, python, '-c', code)).to.equal('a.png 9 True\n');
  });

  for (const [language, needs, check] of [
    ['go', 'go version', 'go vet ./...'],
    ['java', 'mvn --version', 'mvn --batch-mode --quiet -Dmaven.test.skip compile'],
  ] as const) {
    it(`gets one for ${language}, which compiles with its operations`, function () {
      if (spawnSync('sh', ['-c', needs]).status !== 0) {
        console.warn(`"${needs}" fails here: install it, so that the client for ${language} can be tried.`);
        this.skip();
      }
      const client = makeClient(language);
      const document = `-Dlatchkey.document=${project.path('generated/openapi.json')}`;
      run(client, 'sh', '-c', language === 'java' ? `${check} ${document}` : check);
      expect(run(client, 'grep', '-rliE', 'addPictures', 'generated')).not.to.equal('');
    });
  }
});

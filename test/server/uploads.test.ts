import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import supertest, { type Test } from 'supertest';
import { temporaryFolder } from '../support/folders.js';
import { RawConnection } from '../support/raw-connection.js';
import type { Document } from '../../src/contract/openapi.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { createUploadProject, uploadContract, type Uploads } from '../support/upload-project.js';

const boundary = 'the-boundary';

/** The head of a part. */
const filePart = (name: string, filename: string, type = 'image/png'): string =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`;
const textPart = (name: string, text: string): string =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
const formEnd = `\r\n--${boundary}--\r\n`;

describe('Uploads', () => {
  const folder = temporaryFolder();
  const uploads: Uploads = { whileHandling: () => undefined, paths: [] };
  let project: Awaited<ReturnType<typeof createUploadProject>>;
  let app: TestApp;
  let token: string;
  let previous: string | undefined;
  before(async () => {
    project = await createUploadProject(uploads);
    app = await TestApp.start({ project });
    ({ access_token: token } = await app.login());
    previous = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder.path('.');
  });
  after(async () => {
    if (previous === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = previous;
    await app.close();
    await project.remove();
  });
  beforeEach(() => {
    uploads.whileHandling = () => undefined;
    uploads.paths.length = 0;
  });
  afterEach('nothing is left on disk', async () => {
    await until(() => readdirSync(folder.path('.')).length === 0);
  });

  const post = (path: string): Test => supertest(app.url).post(path).set('Authorization', `Bearer ${token}`);
  const png = Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1');

  /** Sends a form as it is written. */
  const sendRaw = (path: string, body: string | Buffer, type = `multipart/form-data; boundary=${boundary}`) =>
    post(path)
      .set('Content-Type', type)
      .serialize(String)
      .send(body as string);

  describe('that wait for 100 Continue', () => {
    const head = (authorization: string, length: number): string =>
      `POST /own/pictures HTTP/1.1\r\nHost: a\r\n${authorization}Content-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;

    it('are refused at once without a token, and where they are too large', async () => {
      const bearer = `Authorization: Bearer ${token}\r\n`;
      for (const [bytes, status] of [
        [head('', 900_000), 401],
        [head(bearer, 900_000_000), 413],
      ] as const) {
        const responses = await RawConnection.exchange(app.url, bytes);
        expect(responses.map((response) => response.status)).to.deep.equal([status]);
        expect(responses[0]?.headers['connection']).to.equal('close');
      }
    });

    it('are asked for where they are let in, on a connection that stays', async () => {
      const form = textPart('title', 'a') + filePart('file', 'a.png') + 'x' + formEnd;
      const connection = await RawConnection.open(app.url);
      try {
        connection.write(head(`Authorization: Bearer ${token}\r\n`, form.length));
        await until(() => connection.received.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
        connection.write(form);
        await until(() => connection.received.includes('HTTP/1.1 200'));
        connection.write('GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
        const responses = await connection.readAllResponses();
        expect(responses.map((response) => response.status)).to.deep.equal([100, 200, 200]);
      } finally {
        connection.destroy();
      }
    });
  });

  describe('that fit', () => {
    it('reach the operation with their names, types and the texts beside them', async () => {
      const { body } = await post('/own/pictures')
        .field('title', 'Ada’s picture')
        .attach('file', png, { filename: 'Ünïcödé "quoted".png', contentType: 'image/png' })
        .expect(200);
      expect(body).to.deep.equal({
        name: 'Ünïcödé "quoted".png',
        size: png.length,
        type: 'image/png',
        begins: png.subarray(0, 10).toString('latin1'),
        title: 'Ada’s picture',
      });
    });

    it('may be as large as the limit, in memory and on disk', async () => {
      await post('/own/pictures')
        .field('title', 'Large')
        .attach('file', Buffer.alloc(100_000), { filename: 'a.png', contentType: 'image/png' })
        .expect(200);
      const { body } = await post('/own/files').attach('files', Buffer.alloc(200_000), 'a.bin').expect(200);
      expect(body.items[0]).to.include({ size: 200_000, begins: 'true' });
    });

    it('may be as many as the limit, and none where none is required', async () => {
      const request = post('/own/files');
      for (let number = 1; number <= 3; number += 1) {
        void request.attach('files', Buffer.from('text'), { filename: `${number}.txt` });
      }
      const { body } = await request.expect(200);
      expect((body.items as { name: string }[]).map(({ name }) => name)).to.deep.equal([
        '1.txt',
        '2.txt',
        '3.txt',
      ]);
      expect((await post('/own/files').expect(200)).body).to.deep.equal({ items: [] });
      expect((await post('/own/any').expect(200)).body).to.deep.equal({ none: true });
      expect((await sendRaw('/own/any', `--${boundary}--\r\n`).expect(200)).body).to.deep.equal({
        none: true,
      });
    });

    it('lose the folders in their names', async () => {
      const form = textPart('title', 'a') + filePart('file', '../../etc/passwd') + 'x' + formEnd;
      expect((await sendRaw('/own/pictures', form).expect(200)).body).to.include({ name: 'passwd' });
    });

    it('are on disk until the response has ended, and stay where the operation has moved them', async () => {
      uploads.whileHandling = async ([file]) => {
        await rename(file?.path ?? '', `${project.folder}/moved`);
      };
      await post('/own/files').attach('files', Buffer.from('moved'), 'a.txt').expect(200);
      expect(readFileSync(`${project.folder}/moved`, 'utf8')).to.equal('moved');
      await until(() => !existsSync(uploads.paths[0] ?? ''));
    });

    it('are on disk until the operation has ended, where its client has gone before', async () => {
      let finish = (): void => undefined;
      let started = false;
      uploads.whileHandling = () =>
        new Promise<void>((resolve) => {
          started = true;
          finish = resolve;
        });
      const connection = await openUpload('/own/files', filePart('files', 'a.bin') + 'x' + formEnd);
      await until(() => started);
      connection.destroy();
      const [path = ''] = uploads.paths;
      await post('/own/any').expect(200);
      expect(existsSync(path)).to.equal(true);
      finish();
      await until(() => !existsSync(path));
    });
  });

  describe('are refused', () => {
    it('before they are read where the caller may not', async () => {
      const connection = await RawConnection.open(app.url);
      try {
        connection.write(
          `POST /own/files HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: 100000\r\n\r\n`,
        );
        const [response] = await connection.readResponses(1);
        expect(response).to.include({ status: 401 });
      } finally {
        connection.destroy();
      }
    });

    it('with 413 and the limit where a file is too large', async () => {
      const { body } = await post('/own/pictures')
        .field('title', 'Large')
        .attach('file', Buffer.alloc(100_001), { filename: 'a.png', contentType: 'image/png' })
        .expect(413);
      expect(body).to.include({
        code: 'payload_too_large',
        detail: 'The file "file" is larger than 100 KB.',
        status: 413,
      });
      const { body: onDisk } = await post('/own/files')
        .attach('files', Buffer.alloc(10), 'small.bin')
        .attach('files', Buffer.alloc(200_001), 'large.bin')
        .expect(413);
      expect(onDisk.detail).to.equal('The file "files" is larger than 200 KB.');
    });

    it('with 413 by their length alone, and the connection is closed', async () => {
      const connection = await openUpload('/own/pictures', '', 'Content-Length: 100000000');
      const [response] = await connection.readAllResponses();
      expect(response?.status).to.equal(413);
      expect(JSON.parse(response?.text ?? '').detail).to.equal(
        'The body is larger than its files may be ("file"): at most 100 KB each.',
      );
      connection.destroy();
    });

    for (const [what, path, start] of [
      ['a file', '/own/files', filePart('files', 'a.bin')],
      ['what is before the files', '/own/pictures', ''],
      [
        'what is behind them',
        '/own/pictures',
        textPart('title', 'a') + filePart('file', 'a.png') + 'x' + formEnd,
      ],
    ] as const) {
      it(`with 413 where ${what} has no length and no end, and the client gets the response`, async () => {
        const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
        const connection = await openUpload(path, start && chunk(start), 'Transfer-Encoding: chunked');
        const sent = 'x'.repeat(65_536);
        for (let count = 0; count < 1000 && connection.received === ''; count += 1) {
          connection.write(chunk(sent));
          await new Promise(setImmediate);
        }
        const [response] = await connection.readAllResponses();
        expect(response?.status).to.equal(413);
        expect(response?.headers['connection']).to.equal('close');
        expect(JSON.parse(response?.text ?? '').detail).to.match(/^The body is larger than its files may be/);
        expect(connection.wasReset).to.equal(false);
        connection.destroy();
      });
    }

    it('with 413 where a text is too large', async () => {
      const form = textPart('title', 'x'.repeat(65_537)) + filePart('file', 'a.png') + 'x' + formEnd;
      const { body } = await sendRaw('/own/pictures', form).expect(413);
      expect(body.detail).to.equal('The field "title" is larger than 64 KiB.');
    });

    it('with 415 and the types where a file has another one', async () => {
      const { body } = await post('/own/pictures')
        .field('title', 'Wrong')
        .attach('file', png, { filename: 'a.gif', contentType: 'image/gif' })
        .expect(415);
      expect(body).to.include({
        code: 'unsupported_media_type',
        detail: 'The file "file" is image/gif. It may be image/png, text/*.',
      });
      await post('/own/pictures')
        .field('title', 'Right')
        .attach('file', png, { filename: 'a.txt', contentType: 'TEXT/Plain' })
        .expect(200);
    });

    it('with 415 where the body is compressed', async () => {
      const form = gzipSync(filePart('file', 'a.png') + 'x' + formEnd);
      const { body } = await sendRaw('/own/pictures', form).set('Content-Encoding', 'gzip').expect(415);
      expect(body).to.include({ code: 'unsupported_media_type' });
    });

    const fields: [what: string, form: string, errors: Record<string, string>][] = [
      ['a file is missing', textPart('title', 'a'), { file: "'file' is required" }],
      [
        'a file has no name, as from an empty input',
        textPart('title', 'a') + filePart('file', '', 'application/octet-stream') + '\r\n',
        { file: "'file' is required" },
      ],
      ['a text is missing', filePart('file', 'a.png') + 'x\r\n', { title: "'title' is required" }],
      [
        'a text is too long',
        textPart('title', 'x'.repeat(21)) + filePart('file', 'a.png') + 'x\r\n',
        { title: 'must have at most 20 characters' },
      ],
      [
        'a text comes twice',
        textPart('title', 'a') + textPart('title', 'b') + filePart('file', 'a.png') + 'x\r\n',
        { title: 'must be there only once' },
      ],
      [
        'there are two files in place of one',
        textPart('title', 'a') + `${filePart('file', 'a.png')}x\r\n`.repeat(2),
        { file: 'must be one file' },
      ],
      ['a text is a file', filePart('title', 'a.png') + 'x\r\n', { title: 'must be text, not a file' }],
      ['a file is a text', textPart('title', 'a') + textPart('file', 'x'), { file: 'must be a file' }],
      [
        'there is a file that the operation does not take',
        filePart('other', 'a.png') + 'x\r\n',
        { other: 'is not a field of this request' },
      ],
      [
        'there is a text that the operation does not take',
        textPart('title', 'a') + textPart('__proto__', 'x') + filePart('file', 'a.png') + 'x\r\n',
        JSON.parse('{"__proto__": "is not a field of this request"}'),
      ],
      ['a name has brackets', textPart('title[a]', 'a'), { 'title[a]': 'is not a field of this request' }],
      ['there are too many texts', textPart('other', 'a').repeat(20), { body: 'has too many fields' }],
      [
        'a text has the character U+0000',
        textPart('title', 'a\0') + filePart('file', 'a.png') + 'x\r\n',
        { title: 'must not have the character U+0000' },
      ],
      [
        'a text is not UTF-8',
        textPart('title', '\xff') + filePart('file', 'a.png') + 'x\r\n',
        { title: 'must be UTF-8' },
      ],
      [
        'a file’s name is not UTF-8',
        textPart('title', 'a') + filePart('file', '\xff.png') + 'x\r\n',
        { 'file.filename': 'must be UTF-8' },
      ],
      [
        'a text is in UTF-16',
        `--${boundary}\r\nContent-Disposition: form-data; name="title"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n\xff\xfea\0\r\n${filePart('file', 'a.png')}x\r\n`,
        { title: 'must be UTF-8' },
      ],
    ];
    for (const [what, form, errors] of fields) {
      it(`with 422 where ${what}`, async () => {
        const { body } = await sendRaw(
          '/own/pictures',
          Buffer.from(`${form}--${boundary}--\r\n`, 'latin1'),
        ).expect(422);
        expect(body).to.include({ code: 'validation_failed' });
        expect(body.errors).to.deep.equal(errors);
      });
    }

    it('with 422 where there are too many', async () => {
      const { body } = await sendRaw(
        '/own/files',
        `${filePart('files', 'a.png')}x\r\n`.repeat(4) + formEnd,
      ).expect(422);
      expect(body.errors).to.deep.equal({ files: 'must be at most 3 files' });
    });

    for (const type of [
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/mixed; boundary=a',
    ]) {
      it(`with 400 where the body is ${type}`, async () => {
        const { body } = await sendRaw('/own/pictures', '{}', type).expect(400);
        expect(body).to.include({
          code: 'missing_form',
          detail: 'The body must be a form with files: Content-Type: multipart/form-data.',
        });
      });
    }

    it('with 400 where there is no body', async () => {
      expect((await post('/own/pictures').expect(400)).body).to.include({ code: 'missing_form' });
    });

    const malformed: [what: string, form: string, type?: string][] = [
      ['has no boundary', 'x', 'multipart/form-data'],
      ['has an empty boundary', 'x', 'multipart/form-data; boundary='],
      ['ends before its end', filePart('file', 'a.png') + 'x'],
      ['has a part without a name', `--${boundary}\r\nContent-Disposition: form-data\r\n\r\nx${formEnd}`],
      ['has another boundary than it says', filePart('file', 'a.png').replaceAll(boundary, 'another')],
      ['has a head that is none', `--${boundary}\r\n\0\r\n\r\nx${formEnd}`],
    ];
    for (const [what, form, type] of malformed) {
      for (const path of ['/own/pictures', '/own/kept']) {
        it(`with 400 where the form for ${path} ${what}`, async () => {
          const { body } = await sendRaw(path, form, type).expect(400);
          expect(body).to.include({ code: 'bad_request' });
          expect(body.detail).to.match(/^The form with files cannot be read: [^.]+\.$/);
        });
      }
    }
  });

  it('leave nothing where the operation fails', async () => {
    const { body } = await post('/own/kept').attach('file', Buffer.from('x'), 'a.txt').expect(500);
    expect(body).to.include({ code: 'internal_error' });
    expect(uploads.paths).to.have.length(1);
  });

  it('leave nothing where the operation does not get them: a later part is refused', async () => {
    const form = `${filePart('files', 'a.bin')}x\r\n${textPart('other', 'x')}${filePart('files', 'b.bin')}y`;
    await sendRaw('/own/files', form + formEnd).expect(422);
    expect(uploads.paths).to.have.length(0);
  });

  it('that 200 clients abort at once leave no file and no file descriptor', async () => {
    await post('/own/files').attach('files', Buffer.from('x'), 'a.txt').expect(200);
    const descriptors = countDescriptors();
    const connections = await Promise.all(
      Array.from({ length: 200 }, (_, number) => {
        const part = filePart('files', `${number}.bin`) + 'x'.repeat(number * 200);
        return openUpload('/own/files', part, 'Content-Length: 150000');
      }),
    );
    // Some while their file is open, some before.
    await until(() => readdirSync(folder.path('.')).length > 50);
    for (const connection of connections) connection.destroy();
    await until(() => readdirSync(folder.path('.')).length === 0);
    await until(() => countDescriptors() <= descriptors);
    await post('/own/files').attach('files', Buffer.from('x'), 'a.txt').expect(200);
    expect(uploads.paths).to.have.length(2);
  });

  it('that do not arrive in time leave nothing', async () => {
    const impatient = await TestApp.start({ project, settings: { LATCHKEY_REQUEST_TIMEOUT: '1s' } });
    const { access_token: ownToken } = await impatient.login();
    const descriptors = countDescriptors();
    const head = uploadHead('/own/files', 'Content-Length: 150000', ownToken);
    const [response] = await RawConnection.exchange(impatient.url, head + filePart('files', 'a.bin') + 'x');
    expect(response?.status).to.equal(408);
    await until(() => readdirSync(folder.path('.')).length === 0);
    await until(() => countDescriptors() <= descriptors);
    await impatient.close();
  });

  it('may come in the smallest of pieces', async () => {
    const form = textPart('title', 'slowly') + filePart('file', 'a.png') + 'abc' + formEnd;
    const connection = await openUpload('/own/pictures', '', `Content-Length: ${form.length}`);
    for (const piece of form) connection.write(piece);
    const [response] = await connection.readResponses(1);
    expect(response?.status).to.equal(200);
    expect(JSON.parse(response?.text ?? '')).to.include({ title: 'slowly', size: 3 });
    connection.destroy();
  });

  async function openUpload(
    path: string,
    body: string,
    length = `Content-Length: ${body.length}`,
  ): Promise<RawConnection> {
    const connection = await RawConnection.open(app.url);
    return connection.write(uploadHead(path, length, token) + body);
  }

  function uploadHead(path: string, length: string, accessToken: string): string {
    const head = [
      `POST ${path} HTTP/1.1`,
      'Host: a',
      `Authorization: Bearer ${accessToken}`,
      `Content-Type: multipart/form-data; boundary=${boundary}`,
      length,
    ];
    return `${head.join('\r\n')}\r\n\r\n`;
  }

  function countDescriptors(): number {
    return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  }

  describe('in the contract', () => {
    interface Form {
      readonly schema: { readonly properties: Readonly<Record<string, object>> };
    }
    const bodyOf = (document: unknown, path: string): Form => {
      const { paths } = document as Document;
      return paths[path]?.['post']?.requestBody?.content['multipart/form-data'] as unknown as Form;
    };

    it('have their limits and types, and the errors say them', async () => {
      const { body: contract } = await app.get('/openapi.json').expect(200);
      expect(bodyOf(contract, '/own/pictures')).to.deep.equal({
        schema: {
          type: 'object',
          properties: {
            file: { type: 'string', format: 'binary', maxLength: 100_000, description: 'The file "file".' },
            title: { type: 'string', maxLength: 65_536, description: 'The text "title".' },
            note: { type: 'string', maxLength: 65_536, description: 'The text "note".' },
          },
          required: ['file', 'title'],
          additionalProperties: false,
        },
        encoding: { file: { contentType: 'image/png, text/*' } },
      });
      expect(bodyOf(contract, '/own/files').schema.properties['files']).to.include({ maxItems: 3 });
      const { responses } = contract.paths['/own/pictures'].post;
      expect(responses['413'].description).to.equal(
        'A file is larger than 100 KB, or a text than 64 KiB: `payload_too_large`.',
      );
      expect(responses['415'].description).to.match(/^A file is none of image\/png, text\/\*,/);
      expect(Object.keys(responses)).to.include.members(['400', '401', '403', '422']);
    });

    it('are without a format in OpenAPI 3.1', async () => {
      const { body: contract } = await app.get('/openapi-3.1.json').expect(200);
      expect(bodyOf(contract, '/own/pictures').schema.properties['file']).to.deep.equal({
        type: 'string',
        contentMediaType: 'application/octet-stream',
        maxLength: 100_000,
        description: 'The file "file".',
      });
    });

    it('are warned of where they have no limits', () => {
      const warnings: string[] = [];
      uploadContract((line) => warnings.push(line));
      expect(warnings).to.deep.equal([
        `POST /own/any: takes files of any type ("file"), up to 5 MB each. Write @FileLimits({ maxSize: '5 MB', types: ['image/png'] }), or what fits, above the method.`,
      ]);
    });
  });
});

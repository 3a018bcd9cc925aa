import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import type { TestApp } from './test-app.js';

interface Operation {
  readonly path: string;
  /** Whether a body is required. */
  readonly required: boolean;
}

/** What applies to every operation that accepts JSON. */
export function itAcceptsJson(app: () => TestApp, { path, required }: Operation): void {
  const send = (type: string, body: string | Buffer) =>
    app()
      .post(path)
      .set('Content-Type', type)
      .serialize(String)
      .send(body as string);

  describe(`the body of POST ${path}`, () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      it(`is missing when it comes as ${type}`, async () => {
        const { body } = await send(type, '{}').expect(400);
        expect(body).to.include({ code: 'missing_json' });
        expect(body.detail).to.match(/^Missing JSON in request.* Content-Type: application\/json/);
      });
    }

    if (required) {
      it('is missing when there is none', async () => {
        const { body } = await app().post(path).expect(400);
        expect(body).to.include({
          code: 'missing_json',
          detail: 'Missing JSON in request. Send a JSON object with Content-Type: application/json.',
        });
        await app().post(path).set('Content-Type', 'application/json').expect(400);
      });
    }

    for (const text of ['{', '{"a":1,}', "{'a':1}", 'true', '"text"', '{} {}']) {
      it(`is malformed as ${text}`, async () => {
        const { body } = await send('application/json', text).expect(400);
        expect(body).to.include({ code: 'malformed_json' });
      });
    }

    it('is JSON with any type that ends in +json, and with a charset', async () => {
      for (const type of ['application/vnd.api+json', 'application/json; charset=utf-8'])
        expect((await send(type, '[]').expect(422)).body).to.include({ code: 'validation_failed' });
    });

    it('must be an object', async () => {
      const { body } = await send('application/json', '[]').expect(422);
      expect(body.errors).to.deep.equal({ body: 'must be an object' });
    });

    for (const field of ['admin', '__proto__', 'constructor', 'a,b']) {
      it(`has no field "${field}"`, async () => {
        const { body } = await send('application/json', `{"${field}":1}`).expect(422);
        expect(Object.getOwnPropertyDescriptor(body.errors, field)?.value).to.equal(
          'is not a field of this request',
        );
      });
    }

    it('has no "__proto__" at any depth, escaped or not', async () => {
      for (const name of ['__proto__', '\\u005f_proto__']) {
        const { body } = await send('application/json', `{"a":[{"${name}":1}]}`).expect(422);
        expect(body.errors).to.have.property('a.0.__proto__', 'is not a field of this request');
      }
    });

    it('may have 64 KiB, and not a byte more', async () => {
      await send('application/json', padded(65_536)).expect(422);
      const { body } = await send('application/json', padded(65_537)).expect(413);
      expect(body).to.include({ code: 'payload_too_large' });
    });

    it('may not exceed 64 KiB when its length is not given', async () => {
      const response = await fetch(app().url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: new Blob([padded(70_000)]).stream(),
        duplex: 'half',
      });
      expect(response.status).to.equal(413);
      expect(await response.json()).to.include({ code: 'payload_too_large' });
    });

    it('is refused when it is compressed or in another charset', async () => {
      const compressed = send('application/json', gzipSync('{}')).set('Content-Encoding', 'gzip');
      const { body } = await compressed.expect(415);
      expect(body).to.include({ code: 'unsupported_media_type' });
      for (const charset of ['iso-8859-1', 'utf-16', 'utf-7'])
        await send(`application/json; charset=${charset}`, '{}').expect(415);
    });
  });
}

/** An object with one unknown field, with this many bytes. */
function padded(bytes: number): string {
  return `{"a":"${'x'.repeat(bytes - 8)}"}`;
}

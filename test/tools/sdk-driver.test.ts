import { expect } from 'chai';
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '../support/folders.js';
import { checkout } from '../support/checkout.js';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Run {
  status: number | string;
  reports: string[];
}

/** Run as it is, by Node's type stripping. */
interface Driver {
  sumReports(paths: string[]): Counts;
  createRunner(
    root: string,
    folder: string,
  ): { run: (command: string, parameters: string[], options?: object) => Promise<string>; runs: Run[] };
  succeeds(root: string, need: string | string[]): Promise<boolean>;
  listOperations(document: string): {
    method: string;
    path: string;
    takesToken: boolean;
    mediaTypes: string[];
    renewsTokens: boolean;
  }[];
}

interface ContractOperation {
  security?: Record<string, string[]>[];
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
}

interface ContractWithTokens {
  paths: Record<string, Record<string, ContractOperation>>;
  components: { schemas: Record<string, { properties?: Record<string, unknown> }> };
}

async function load<Name extends keyof Driver>(file: string): Promise<Pick<Driver, Name>> {
  return (await import(pathToFileURL(join(checkout, 'tools/sdk', file)).href)) as Pick<Driver, Name>;
}

describe('The driver of the SDKs', () => {
  const folder = temporaryFolder();
  const write = (name: string, text: string): string => {
    writeFileSync(folder.path(name), text);
    return folder.path(name);
  };

  describe('sums up JUnit reports', () => {
    it('of any dialect', async () => {
      const { sumReports } = await load<'sumReports'>('junit.ts');
      const report = write(
        'report.xml',
        `<testsuites><testsuite tests="9"><testcase name="a"/><testcase name="b" time="1">
           <failure message="x &lt; y"><![CDATA[<testcase/> <skipped/>]]></failure></testcase>
           <testcase name="c"><error/></testcase><testcase name="d"><skipped/></testcase>
           <!-- <testcase name="no"/> --><testcase name="e"><system-out><![CDATA[<failure/>]]></system-out></testcase>
         </testsuite></testsuites>`,
      );
      expect(sumReports([report, report])).to.deep.equal({ passed: 2, failed: 2, skipped: 1 });
    });

    it('of a folder', async () => {
      const { sumReports } = await load<'sumReports'>('junit.ts');
      mkdirSync(folder.path('reports'));
      for (const name of ['TEST-a.xml', 'TEST-b.xml', 'other.txt']) {
        write(`reports/${name}`, '<testsuite><testcase name="a"/></testsuite>');
      }
      expect(sumReports([folder.path('reports')])).to.deep.equal({ passed: 2, failed: 0, skipped: 0 });
    });
  });

  describe('runs tools', () => {
    const node = process.execPath;

    it('and has what they print, or an error with it', async () => {
      const { createRunner } = await load<'createRunner'>('commands.ts');
      const { run } = createRunner(checkout, folder.path('.'));
      expect(await run(node, ['--print', 'process.cwd()'])).to.equal(`${realpathSync(folder.path('.'))}\n`);
      const failure = await run(node, ['--eval', 'console.error("no luck"); process.exit(3)']).catch(String);
      expect(failure).to.include('ended with 3').and.include('no luck');
      expect(await run('no-such-tool', []).catch(String)).to.include('no-such-tool does not start');
    });

    it('whose failures are counted where they leave a report, of this run', async () => {
      const { createRunner } = await load<'createRunner'>('commands.ts');
      const { run, runs } = createRunner(checkout, folder.path('.'));
      const report = write('report.xml', 'of an earlier run');
      const writes = `fs.writeFileSync('report.xml', '<testsuite/>'); process.exit(1)`;
      await run(node, ['--eval', writes], { report });
      expect(runs.map(({ status, reports }) => ({ status, reports }))).to.deep.equal([
        { status: 1, reports: [report] },
      ]);
      for (const status of [0, 1]) {
        const failure = await run(node, ['--eval', `process.exit(${status})`], { report }).catch(String);
        expect(failure).to.match(/left no report|ended with 1/);
      }
      expect(runs).to.have.length(1);
    });

    it('that are there', async () => {
      const { succeeds } = await load<'succeeds'>('commands.ts');
      expect(await succeeds(checkout, 'npm')).to.equal(true);
      expect(await succeeds(checkout, 'no-such-tool')).to.equal(false);
      expect(await succeeds(checkout, ['no-such-tool', '--version'])).to.equal(false);
      expect(await succeeds(checkout, ['npm', '--version'])).to.equal(true);
    });
  });

  it('knows which operations accept a bearer token, and what they respond with', async () => {
    const { listOperations } = await load<'listOperations'>('operations.ts');
    const json = { 200: { content: { 'application/json': {} } }, 401: { content: { 'text/html': {} } } };
    const document = write(
      'openapi.json',
      JSON.stringify({
        security: [{ bearer: [] }],
        paths: {
          '/own/{id}': {
            put: { security: [{ bearer: ['a:b'] }], responses: { 204: {} } },
            delete: { security: [{}, { bearer: [] }], responses: json },
          },
          '/own/all': { get: { responses: json }, parameters: [] },
          '/open': { get: { security: [], responses: { ...json, 304: {} } } },
          '/clients-only': { post: { security: [{ client: [] }, {}], responses: {} } },
        },
      }),
    );
    expect(
      listOperations(document).map(({ method, path, takesToken, mediaTypes }) =>
        [method, path, takesToken ? 'token' : 'none', ...mediaTypes].join(' '),
      ),
    ).to.deep.equal([
      'GET /own/all token application/json',
      'GET /open none  application/json',
      'POST /clients-only none',
      'PUT /own/{id} token ',
      'DELETE /own/{id} token application/json',
    ]);
  });

  it('knows which operations give a session its next tokens, so that clients store them', async () => {
    const { listOperations } = await load<'listOperations'>('operations.ts');
    const file = join(checkout, 'generated/openapi.json');
    const { paths, components } = JSON.parse(readFileSync(file, 'utf8')) as ContractWithTokens;
    const givesTokens = ({ responses }: ContractOperation): boolean =>
      Object.entries(responses)
        .filter(([status]) => status.startsWith('2'))
        .some(([, { content }]) => {
          const reference = content?.['application/json']?.schema.$ref;
          const name = reference?.split('/').at(-1) ?? '';
          return name === 'TokenSet' || components.schemas[name]?.properties?.['tokens'] !== undefined;
        });
    const renewing = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, operation]) => operation.security?.some((each) => 'bearer' in each))
        .filter(([, operation]) => givesTokens(operation))
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    expect(renewing).to.include('POST /me/second-factors/totp/confirm');
    const known = listOperations(file).filter(({ renewsTokens }) => renewsTokens);
    expect(known.map(({ method, path }) => `${method} ${path}`)).to.have.members(renewing);
  });
});

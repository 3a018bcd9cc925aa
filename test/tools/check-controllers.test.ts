import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { readContract } from '../support/repository-contract.js';
import { temporaryFolder } from '../support/folders.js';
import { checkout } from '../support/checkout.js';
import { loadCheckTools, runTsoa, type CheckTools } from '../support/check-tools.js';

/** What each operation has that is not its mistake. */
const says = '/** All. @summary List */';
const may = "@Security('bearer', ['things:read'])";
const end = '(): Report { throw 0; }';

/** A controller; the members begin at line 6. */
function controller(name: string, ...members: readonly string[]): string {
  return [
    "import { Body, FormField, Get, Hidden, OperationId, Path, Post, Route, Security, Tags, UploadedFile, UploadedFiles } from '@tsoa/runtime';",
    "import type { Bad, Report } from './all.models.js';",
    `/** About ${name}. */`,
    `@Route('${name}') @Tags('${name}')`,
    `export class ${name} {`,
    ...members,
    '}',
  ].join('\n');
}

const noName = 'has a type without a name. Declare and export an interface for it, and name that.';
const noOperation =
  'and is no operation. An operation is a method with @Get, @Post, @Put, @Patch or @Delete.';
const almost =
  'at src/alternatives.controller.ts:7. Write the same, or make them differ by more than a letter.';

/** tsoa passes over all of this in silence: each file, and what is to be said of it. */
const mistakes: Readonly<Record<string, { readonly text: string; readonly faults: readonly string[] }>> = {
  'unsecured.controller.ts': {
    text: controller('unsecured', `${says} @Get() public unsecured${end}`),
    faults: [
      "6: GET /unsecured does not say who may call it. Write @Security('bearer', ['<permission>']), or @NoSecurity() where anyone may.",
    ],
  },
  'opened.controller.ts': {
    text: controller('opened', `${says} @Get()`, '@Security({})', `public opened${end}`),
    faults: [
      "7: GET /opened has @Security({}) alone, which lets anyone in. Write @NoSecurity(), or @Security('bearer') beside it.",
    ],
  },
  'alternatives.controller.ts': {
    text: controller(
      'alternatives',
      `${says} @Get()`,
      may,
      "@Security('bearer')",
      `public alternatives${end}`,
    ),
    faults: [
      '8: GET /alternatives has two @Security, and the weaker one would do. Name all permissions in one.',
    ],
  },
  'schemes.controller.ts': {
    text: controller(
      'schemes',
      `${says} @Get() @Security('jwt') public jwt${end}`,
      `${says} @Post() @Security({ basic: ['things:read'] }) public basic${end}`,
    ),
    faults: [
      '6: @Security names the scheme "jwt", which is not there. The scheme is \'bearer\'.',
      '7: @Security names the scheme "basic", which is not there. The scheme is \'bearer\'.',
    ],
  },
  'scopes.controller.ts': {
    text: controller(
      'scopes',
      `${says} @Get('a') @Security('bearer', ['a:b, c:d']) public commas${end}`,
      `${says} @Get('b') @Security('bearer', ['things:raed']) public swapped${end}`,
      `${says} @Get('c') @Security('bearer', ['thing:read']) public singular${end}`,
      `${says} @Get('d') @Security('bearer', ['fresh:5m']) public minutes${end}`,
      `${says} @Get('e') @Security('bearer', ['Fresh']) public upper${end}`,
      `${says} @Get('f') @Security('bearer', elsewhere) public constant${end}`,
      `${says} @Get('g') @Security('bearer', ['mfa:5m']) public factor${end}`,
      // These are no mistakes.
      `${says} @Get('cats') @Security('bearer', ['cats:get', 'fresh:300']) public cats${end}`,
      `${says} @Post('cats') @Security('bearer', ['cats:set', 'fresh', 'mfa:300']) public setCats${end}`,
      `${says} @Get('jobs') @Security('bearer', ['jobs:read']) public jobs${end}`,
      `${says} @Get('jogs') @Security('bearer', ['jogs:read']) public jogs${end}`,
      "} const elsewhere = ['things:wread']; {",
    ),
    faults: [
      '6: "a:b, c:d" cannot be a permission. Write each permission as a string of its own, such as \'reports:read\'.',
      `7: The permission "things:raed" is almost "things:read", ${almost}`,
      `8: The permission "thing:read" is almost "things:read", ${almost}`,
      "9: \"fresh:5m\" demands nothing. Write 'fresh', or 'fresh:' and seconds: 'fresh:300'.",
      "10: \"Fresh\" demands nothing. Write 'fresh', or 'fresh:' and seconds: 'fresh:300'.",
      `11: The permission "things:wread" is almost "things:read", ${almost}`,
      "12: \"mfa:5m\" demands nothing. Write 'mfa', or 'mfa:' and seconds: 'mfa:300'.",
    ],
  },
  'twice.controller.ts': {
    text: controller(
      'twice',
      `${says} @Get('a') ${may} public twice${end}`,
      `${says} @Get('b') ${may} @OperationId('twice') public other${end}`,
      `${says} @Get('c/{id}') ${may} public byId${end}`,
      `${says} @Get('/c/{name}/') ${may} public byName${end}`,
      `${says} @Get('/a') ${may} public slash${end}`,
    ),
    faults: [
      '7: The operationId twice is at src/twice.controller.ts:6 already. Rename one of the methods: clients are made with that name.',
      '8: GET /twice/c/{id} does not take {id}. Write "@Path() id: string" among the parameters of byId.',
      '9: GET /twice/c/{name} does not take {name}. Write "@Path() name: string" among the parameters of byName.',
      '9: GET /twice/c/{name} is at src/twice.controller.ts:8 already. Only one of them can be reached: change the path or the method of the other.',
      '10: GET /twice/a is at src/twice.controller.ts:6 already. Only one of them can be reached: change the path or the method of the other.',
    ],
  },
  'comments.controller.ts': {
    text: controller(
      'comments',
      `@Get('a') ${may} public silent${end}`,
      `/** All. */ @Get('b') ${may} public withoutSummary${end}`,
      `${says} @Get('c/{id}') ${may} public parameter(@Path() id: string): Report { throw id; }`,
      `${says} @Get('d') ${may} @Tags('Else') public tagged${end}`,
      `${says} @Get('e') ${may} @Hidden() public hidden${end}`,
    ),
    faults: [
      '6: GET /comments/a has no description. Write a comment above the method.',
      '6: GET /comments/a has no summary. Write "@summary <a few words>" in the method\'s comment.',
      '7: GET /comments/b has no summary. Write "@summary <a few words>" in the method\'s comment.',
      '8: GET /comments/c/{id} does not describe "id". Write "@param id <what it is>" in the method\'s comment.',
      '9: GET /comments/d has more than one tag. Keep one: it is where clients look for it.',
      '10: GET /comments/e is @Hidden: it would respond, and the contract would not have it. Remove @Hidden.',
    ],
  },
  'untagged.controller.ts': {
    text: controller('untagged', `${says} @Get('a') ${may} public untagged${end}`)
      .replace("@Tags('untagged')", '')
      .concat(
        "\n@Route('undescribed') @Tags('Undescribed') export class Undescribed {",
        `\n${says} @Get() ${may} public undescribed${end} }`,
        "\n@Route('described') @Tags('Described') export class Described {",
        `\n${says} @Get() ${may} public described${end} }`,
      ),
    faults: [
      "6: GET /untagged/a has no tag. Write @Tags('<Name>') above the class.",
      '9: GET /undescribed has the tag "Undescribed", which is not described. Write a comment above the class.',
    ],
  },
  'unnamed.controller.ts': {
    text: controller(
      'unnamed',
      `${says} @Get('a') ${may} public inline(): { count: number } { throw 0; }`,
      `${says} @Get('b') ${may} public list(): Report[] { throw 0; }`,
      `${says} @Get('c') ${may} public generic(): Partial<Report> { throw 0; }`,
      `${says} @Post('d') ${may} public body(@Body() body: { count: number }): Report { throw body; }`,
      `${says} @Get('e') ${may} public bad(): Bad { throw 0; }`,
    ),
    faults: [
      `6: The response 200 of GET /unnamed/a ${noName}`,
      `7: The response 200 of GET /unnamed/b ${noName}`,
      `8: The response 200 of GET /unnamed/c ${noName}`,
      `9: The request of POST /unnamed/d ${noName}`,
    ],
  },
  'all.models.ts': {
    text: `/** @example { "permissions": [] } */
export interface Report { permissions: Permission[] }
/** @pattern ^[A-Za-z0-9][A-Za-z0-9._:/-]*$ */
export type Permission = string;
/** Without an example. */
export interface Bad {
  one: Report;
  inner: { count: number };
  list: { count: number }[];
  part: Partial<Report>;
  map: { [key: string]: Report };
}`,
    faults: [
      '6: The model Bad has no example. Write "@example <JSON>" in its comment.',
      `8: Bad.inner ${noName}`,
      `9: Bad.list ${noName}`,
      `10: Bad.part ${noName}`,
    ],
  },
  'other.models.ts': {
    text: '\nexport enum Report { One = "one" }',
    faults: [
      '2: The model Report is at src/all.models.ts:2 already. Rename one of them: the contract has one name for one model.',
    ],
  },
  'members.controller.ts': {
    text: controller(
      'members',
      `${says} @Get() ${may} public operation${end}`,
      `${may} public helper(): void { throw 0; }`,
      `${says} @Get('a') ${may} public arrow = (): Report => { throw 0; };`,
    ),
    faults: [`7: helper has a @Security ${noOperation}`, `8: arrow has a @Get ${noOperation}`],
  },
  'lost.ts': {
    text: controller('lost', `${says} @Get() ${may} public lost${end}`),
    faults: [
      "4: lost is not read, because of its file's name. Rename the file to <something>.controller.ts.",
    ],
  },
  'parameters.controller.ts': {
    text: controller(
      'parameters',
      `${says} @Get('{id}') ${may} public notTaken${end}`,
      '/** All. @summary List',
      ' * @param other Its id. */',
      `@Get('named/{id}') ${may} public named(@Path('id') other: string): Report { throw 0; }`,
      `${says} @Get('hidden') ${may} private inaccessible${end}`,
      `${says} @Get('*') ${may} public anything${end}`,
    ),
    faults: [
      '6: GET /parameters/{id} does not take {id}. Write "@Path() id: string" among the parameters of notTaken.',
      '10: GET /parameters/hidden is not read: its method is private. Remove "private".',
      '11: GET /parameters/* has "*" in its path, which a path cannot have. Write a parameter, such as {id}.',
    ],
  },
  'bare.controller.ts': {
    text: controller(
      'bare',
      `${says} @Get('one') @Security('bearer', 'reports:read') public bareOne${end}`,
      `${says} @Get('two') @Security({ bearer: 'reports:read' }) public bareTwo${end}`,
    ),
    faults: [
      "6: @Security has the permission 'reports:read' without a list. Write @Security('bearer', ['reports:read']).",
      "7: @Security has the permission 'reports:read' without a list. Write @Security('bearer', ['reports:read']).",
    ],
  },
  'forms.controller.ts': {
    text: controller(
      'forms',
      `${says} @Get('get') ${may} public got(@UploadedFile() file: File): Report { throw 0; }`,
      `${says} @Post('one') ${may} @FileLimits({}) public one(`,
      '  @UploadedFile() files: File[],',
      '  @FormField() title: string,',
      '  @FormField() count?: number,',
      "  @FormField() kind?: 'a' | 'b',",
      '): Report { throw 0; }',
      `${says} @Post('more') ${may} @FileLimits({}) public more(@UploadedFiles() file: File): Report { throw 0; }`,
      `${says} @Post('none') ${may}`,
      '@FileLimits({})',
      `public none${end}`,
      `${says} @Post('right') ${may} public right(@UploadedFiles() a: readonly File[], @FormField() b?: string): Report { throw 0; }`,
    ),
    faults: [
      '6: GET /forms/get has a form, which GET cannot have. Write @Post() or @Put().',
      '8: POST /forms/one takes one file as "files". Write @UploadedFiles() for several.',
      '10: POST /forms/one takes "count" from a form, which has texts: it would be no number. Write "@FormField() count: string", and read it in the method.',
      `11: POST /forms/one takes "kind" from a form, which has texts: it would be no 'a' | 'b'. Write "@FormField() kind: string", and read it in the method.`,
      '13: POST /forms/more takes several files as "file". Write "file: File[]", or @UploadedFile() for one.',
      '15: POST /forms/none has @FileLimits and takes no file. Write "@UploadedFile() file: File".',
    ],
  },
  'classes.controller.ts': {
    text: [
      "import { Get, Route, Security, Tags } from '@tsoa/runtime'; import type { Report } from './all.models.js';",
      "const path = 'constant';",
      "/** A. */ @Route(path) @Tags('A') export class A {",
      `${says} @Get(path) ${may} public a${end} }`,
      "/** B. */ @Route('b') @Tags('B') export class B {}",
      "/** C. */ @Route('c') @Tags('C') class C {",
      `${says} @Get() ${may} public c${end} }`,
      "/** D. */ @Tags('D') export class D {",
      `${says} @Get() ${may} public d${end} }`,
    ].join('\n'),
    faults: [
      '3: The @Route of A is not written out. Put the path there as a string.',
      '4: The path of a is not written out. Put it there as a string.',
      '5: B has no operations. Write @Get(), @Post(), @Put(), @Patch() or @Delete() above a method.',
      '6: C is not exported. Write "export class".',
      "8: D is not read. Write @Route('<path>') above the class.",
    ],
  },
};

const tsoaConfig = {
  entryFile: 'src/all.models.ts',
  controllerPathGlobs: ['src/*.controller.ts'],
  spec: {
    specVersion: 3,
    outputDirectory: 'contract',
    specFileBaseName: 'tsoa',
    operationIdTemplate: '{{method.name}}',
    rootSecurity: [{ bearer: [] }],
    tags: [{ name: 'Described' }],
  },
};

describe('The check of the controllers', function () {
  this.timeout(60_000); // it runs tsoa and TypeScript as processes of their own

  const folder = temporaryFolder();

  const check = (): readonly string[] => {
    const document = folder.path('contract/tsoa.json');
    const findings = tools.checkControllers(tools.readSources(folder.path('')), {
      document: existsSync(document) ? (JSON.parse(readFileSync(document, 'utf8')) as object) : undefined,
      describedTags: ['Described'],
      isStrict: true,
    });
    expect(findings.every(({ severity }) => severity === 'error')).to.equal(true);
    return findings.map(tools.formatFinding);
  };
  let tools: CheckTools;
  before(async () => {
    tools = await loadCheckTools();
    for (const name of ['src', 'contract']) mkdirSync(folder.path(name));
    symlinkSync(join(checkout, 'node_modules'), folder.path('node_modules'));
    writeFileSync(folder.path('tsoa.json'), JSON.stringify(tsoaConfig));
    for (const [file, { text }] of Object.entries(mistakes)) writeFileSync(folder.path(`src/${file}`), text);
  });

  it('finds what is in the sources where tsoa has failed, too', () => {
    const faults = check();
    expect(faults).to.include(
      `src/unsecured.controller.ts:${mistakes['unsecured.controller.ts']?.faults[0]}`,
    );
    expect(faults).to.include(`src/other.models.ts:${mistakes['other.models.ts']?.faults[0]}`);
  });

  describe('finds, in one go, what tsoa passes over in silence:', () => {
    let faults: readonly string[] = [];
    before(() => {
      const { status, stderr } = runTsoa(folder.path(''));
      expect(status, stderr).to.equal(0);
      faults = check();
    });

    for (const [file, { faults: expected }] of Object.entries(mistakes)) {
      it(file, () => {
        const found = faults.filter((fault) => fault.startsWith(`src/${file}:`));
        expect(found).to.deep.equal(expected.map((fault) => `src/${file}:${fault}`));
      });
    }

    it('and nothing else', () => {
      const expected = Object.values(mistakes).flatMap((each) => each.faults);
      expect(faults).to.have.length(expected.length);
    });
  });

  it('says where a Map is, on which tsoa fails', () => {
    const root = folder.path('maps');
    mkdirSync(join(root, 'src'), { recursive: true });
    writeFileSync(
      join(root, 'src/maps.controller.ts'),
      [
        'export interface Tagged {',
        '  tags: Map<string, string>;',
        '  names: ReadonlySet<string>;',
        '  right: Record<string, string>;',
        '}',
        controller(
          'maps',
          `${says} @Post() ${may} public add(@Query() of: Map<string, string>): Report { throw 0; }`,
        ),
      ].join('\n'),
    );
    const findings = tools.checkControllers(tools.readSources(root), {
      document: undefined,
      describedTags: [],
    });
    expect(findings.map(tools.formatFinding)).to.deep.equal([
      'src/maps.controller.ts:2: Tagged.tags is a Map, which JSON does not have. Write Record<string, …>.',
      'src/maps.controller.ts:3: Tagged.names is a Set, which JSON does not have. Write a list.',
      'src/maps.controller.ts:11: "of" of POST /maps is a Map, which JSON does not have. Write Record<string, …>.',
    ]);
  });

  it('says where each operation is, and what comments say of tags, for what completes the contract', () => {
    const sources = tools.describeSources(tools.readSources(folder.path('')));
    expect(sources).to.have.nested.property('places.GET /members', 'src/members.controller.ts:6');
    expect(sources).to.have.nested.property('tags.members', 'About members.');
  });

  it('reads which problems a method throws, with codes of a project too', async () => {
    const script = pathToFileURL(join(checkout, 'tools/contract/controllers.ts'));
    const { readSources } = (await import(script.href)) as {
      readSources: (root: string) => { controllers: { operations: { thrown: string[] }[] }[] };
    };
    const root = folder.path('throwing');
    mkdirSync(join(root, 'src'), { recursive: true });
    writeFileSync(
      join(root, 'src/reports.controller.ts'),
      `@Route('reports')
export class ReportsController {
  @Get()
  public readReport(): void {
    if (this.isGone) throw new Problem('not_found');
    if (this.isLocked) throw problems.create('report_locked', { detail: 'By ada.' });
    throw others.create('no_problem');
  }
}`,
    );
    const [controller] = readSources(root).controllers;
    expect(controller?.operations[0]?.thrown).to.deep.equal(['not_found', 'report_locked']);
  });

  it('accepts the same permissions as the contract', async () => {
    const script = pathToFileURL(join(checkout, 'tools/contract/scope-errors.ts'));
    const { permissionPattern } = (await import(script.href)) as { permissionPattern: RegExp };
    expect(readContract().document).to.have.nested.property(
      'components.schemas.Permission.pattern',
      permissionPattern.source.replaceAll('\\/', '/'),
    );
  });

  it('asks the builder to rename a duplicate, rather than the service', () => {
    const findings = tools.checkControllers(tools.readSources(folder.path('')), {
      document: undefined,
      describedTags: [],
      isBuilders: (file: string) => file !== 'src/other.models.ts',
    });
    const { message } = findings.find(({ file }) => file === 'src/all.models.ts') ?? {};
    expect(message).to.equal(
      'The model Report is at src/other.models.ts:2 already. Rename one of them: the contract has one name for one model.',
    );
  });
});

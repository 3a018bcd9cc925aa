import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import ts from 'typescript';
import { checkout } from '../support/checkout.js';
import { temporaryFolder } from '../support/folders.js';

interface Finding {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}
interface Tools {
  readonly readSources: (root: string) => object;
  readonly explainTsoaError: (message: string, root: string, sources: object) => Finding | undefined;
  readonly readMetadata: (
    root: string,
    program: ts.Program,
    controllers: readonly ts.SourceFile[],
    config: object,
  ) => object;
}

const queryTypes = 'A query has strings, numbers, booleans, dates, enums and lists of these';

/** A member of a controller that begins at line 7, and what is said of it, with its line. */
const refused: readonly (readonly [what: string, member: string, line: number, message: string])[] = [
  [
    'a parameter that the path does not have',
    "@Get('{id}')\npublic list(@Path() ticketId: string): Ticket { throw ticketId; }",
    7,
    "GET /tickets/{id} has no {ticketId} in its path. Write it there, as in @Get('{ticketId}'), or name the one that is there: @Path('id').",
  ],
  [
    'an object in a query',
    '@Get()\npublic list(@Query() filter: Filter): Ticket { throw filter; }',
    7,
    `GET /tickets has an object as "filter". ${queryTypes}. For several parameters in one, write @Queries() in place of @Query().`,
  ],
  [
    'a list of objects in a query',
    '@Get()\npublic list(@Query() filter: Filter[]): Ticket { throw filter; }',
    7,
    `GET /tickets has a list of objects as "filter". ${queryTypes}. Give the items one of these types, or send them in a body.`,
  ],
  [
    'an object in a query of several parameters',
    '@Get()\npublic list(@Queries() filter: Filter): Ticket { throw filter; }',
    7,
    `GET /tickets has an object as "a" in "filter". ${queryTypes}.`,
  ],
  [
    'a body where there can be none',
    '@Get()\npublic list(@Body() filter: Filter): Ticket { throw filter; }',
    7,
    'GET /tickets has a body, which GET cannot have. Take "filter" from the query, with @Query(), or write @Post().',
  ],
  [
    'an object in a header',
    '@Get()\npublic list(@Header() filter: Filter): Ticket { throw filter; }',
    7,
    'GET /tickets has the header "filter" with a type that a header cannot have. Give it string, number, boolean or an enum.',
  ],
  [
    'two bodies',
    '@Post()\npublic list(@Body() a: Ticket, @Body() b: Filter): Ticket { throw a; }',
    7,
    'POST /tickets has two @Body(). Make one interface of both.',
  ],
  [
    'an operation that is both open and closed',
    "@Get()\n@NoSecurity()\n@Security('bearer')\npublic list(): Ticket { throw 0; }",
    7,
    'GET /tickets has both @NoSecurity() and @Security(). Keep the one that is meant.',
  ],
  [
    'a limit without a number',
    '/** @maximum limit many */\n@Get()\npublic list(@Query() limit = 20): Ticket { throw limit; }',
    8,
    'GET /tickets has a "@maximum" without a number. Write it behind: "@maximum limit 100" at a method, "@maximum 100" at a property.',
  ],
  [
    'a type that no JSON has',
    '@Get()\npublic list(): Strange { throw 0; }',
    5,
    'The contract cannot have this type (Symbol). Write an interface with properties of plain types in its place.',
  ],
  [
    'a method in a model',
    '@Get()\npublic list(): Ticket & (() => void) { throw 0; }',
    8,
    'The contract cannot have this type (Function). Write an interface with properties of plain types in its place.',
  ],
];

describe('What tsoa refuses is said with file and line, and what to write:', function () {
  this.timeout(60_000); // TypeScript reads the runtime's types

  const folder = temporaryFolder();
  /** Each case is a project of its own. */
  const roots = refused.map((_, index) => `${index}`);
  let tools: Tools;
  let program: ts.Program;
  before(async () => {
    symlinkSync(join(checkout, 'node_modules'), folder.path('node_modules'));
    const load = async (file: string): Promise<object> =>
      (await import(pathToFileURL(join(checkout, 'tools', file)).href)) as object;
    tools = {
      ...(await load('contract/check-controllers.ts')),
      ...(await load('contract/tsoa-errors.ts')),
      ...(await load('project/tsoa.ts')),
    } as Tools;
    const files = refused.map(([, member], index) => {
      const src = join(folder.path(roots[index] ?? ''), 'src');
      mkdirSync(src, { recursive: true });
      const file = join(src, 'tickets.controller.ts');
      writeFileSync(
        file,
        `import { Body, Get, Header, NoSecurity, Path, Post, Queries, Query, Route, Security } from '@tsoa/runtime';
export interface Filter { a: { b: string } }
export interface Ticket { id: string }
export interface Strange {
  id: symbol }
@Route('tickets') @Security('bearer') export class TicketsController {
${member}
}
`,
      );
      return file;
    });
    program = ts.createProgram(files, { experimentalDecorators: true });
  });

  for (const [index, [what, , line, message]] of refused.entries()) {
    it(what, () => {
      const root = folder.path(roots[index] ?? '');
      const controller = program.getSourceFile(join(root, 'src/tickets.controller.ts'));
      let refusal: unknown;
      try {
        tools.readMetadata(checkout, program, controller ? [controller] : [], { spec: {} });
      } catch (error) {
        refusal = error;
      }
      expect(refusal).to.be.an('error');
      const found = tools.explainTsoaError((refusal as Error).message, root, tools.readSources(root));
      expect(found).to.deep.equal({ file: 'src/tickets.controller.ts', line, message, severity: 'error' });
    });
  }

  it('in its own words, where it is nothing that is known', () => {
    const root = folder.path(roots.at(-1) ?? '');
    const explain = (text: string): Finding | undefined =>
      tools.explainTsoaError(text, root, tools.readSources(root));
    expect(explain("Something new. \n in 'TicketsController.list'")).to.include({
      line: 7,
      message: 'GET /tickets is refused: Something new.',
    });
    expect(explain('Something new without a place.')).to.equal(undefined);
  });
});

import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect } from 'chai';
import { completeContract, type CompletionOptions } from '../../src/contract/complete-contract.js';
import { toOpenApi31 } from '../../src/contract/to-openapi-31.js';
import type { Document, MediaType } from '../../src/contract/openapi.js';
import { checkout } from '../support/checkout.js';
import { loadCheckTools, runTsoa, type CheckTools } from '../support/check-tools.js';
import { temporaryFolder } from '../support/folders.js';

/** As one writes it who has read no more than the example. */
const models = `
export interface ProblemDetails { code: string }
/** @pattern ^[0-9a-f-]{36}$ must be a UUID */
export type Id = string;
export type TicketStatus = 'open' | 'closed';
export enum Priority { Low = 'low', High = 'high' }
interface Named {
  /** @maxLength 100 */
  name: string;
}
export interface Picture extends Named { kind: 'picture'; url: string }
export interface Note extends Named { kind: 'note' }
export interface Ticket {
  id: Id;
  title: string;
  status: TicketStatus;
  priority: Priority;
  created_at: Date;
  closed_at?: Date;
  owner: { name: string; email?: string };
  tags: string[];
  counts: Record<string, number>;
  attachment: Picture | Note;
  notes: string | null;
}
export interface CreateTicket {
  title: string;
  priority?: Priority;
  due?: Date;
  owner: { name: string };
  tags?: string[];
  attachment?: Picture | Note;
  estimate?: number;
}
export interface Page<Item> { items: Item[]; next_cursor?: Id }
`.trimStart();

const controller = `
import { Body, Delete, Get, Header, NoSecurity, Patch, Path, Post, Query, Response, Route, Security, SuccessResponse } from '@tsoa/runtime';
import type { CreateTicket, Id, Page, ProblemDetails, Ticket, TicketStatus } from './tickets.models.js';
@Route('open-tickets')
@Security('bearer', ['tickets:read'])
export class OpenTicketsController {
  @Get()
  public async listOpenTickets(@Query() status?: TicketStatus, @Query() limit = 20): Promise<Page<Ticket>> {
    return { items: [] };
  }
  @Get('count')
  @NoSecurity()
  public countTickets() {
    return { count: 1 };
  }
  @Get('all')
  @Security({})
  @Security('bearer')
  public listAllTickets(): Ticket[] {
    return [];
  }
  @Get('{id}')
  @Response<ProblemDetails>(404, 'There is no such ticket')
  public getTicket(@Path() id: Id, @Header('X-Trace') trace?: string): Ticket {
    throw new Problem('not_found');
  }
  @Post()
  @SuccessResponse(201)
  @Security('bearer', ['tickets:write'])
  public async createTicket(@Body() body: CreateTicket): Promise<Ticket> {
    throw new Error(body.title);
  }
  @Patch('{id}')
  @Security('bearer', ['tickets:write'])
  public async updateTicket(@Path() id: Id, @Body() body: Partial<CreateTicket>): Promise<Ticket> {
    throw new Error(id);
  }
  @Delete('{id}')
  @Security('bearer', ['tickets:write'])
  public async deleteTicket(@Path() id: Id): Promise<void> {}
}
class Problem extends Error {}
`.trimStart();

const tsoaConfig = {
  entryFile: 'src/tickets.models.ts',
  controllerPathGlobs: ['src/*.controller.ts'],
  noImplicitAdditionalProperties: 'throw-on-extras',
  spec: {
    specVersion: 3,
    outputDirectory: '.',
    specFileBaseName: 'document',
    operationIdTemplate: '{{method.name}}',
    useTitleTagsForInlineObjects: true,
    rootSecurity: [{ bearer: [] }],
  },
};

describe('A feature that is written naturally', function () {
  this.timeout(60_000); // it runs tsoa and TypeScript as processes of their own

  const folder = temporaryFolder();
  const write = (files: Readonly<Record<string, string>>): void => {
    rmSync(folder.path('src'), { recursive: true, force: true });
    mkdirSync(folder.path('src'));
    for (const [file, text] of Object.entries(files)) writeFileSync(folder.path(`src/${file}`), text);
    const { status, stderr } = runTsoa(folder.path(''));
    expect(status, stderr).to.equal(0);
  };
  const document = (): Document => JSON.parse(readFileSync(folder.path('document.json'), 'utf8')) as Document;
  const check = (isStrict = false): string[] =>
    tools
      .checkControllers(tools.readSources(folder.path('')), {
        document: document(),
        describedTags: [],
        isStrict,
      })
      .map(tools.formatFinding);

  let tools: CheckTools;
  before(async () => {
    tools = await loadCheckTools();
    symlinkSync(join(checkout, 'node_modules'), folder.path('node_modules'));
    writeFileSync(folder.path('tsoa.json'), JSON.stringify(tsoaConfig));
  });

  describe('builds:', () => {
    let contract: Document;
    const warnings: string[] = [];
    before(() => {
      write({ 'tickets.models.ts': models, 'tickets.controller.ts': controller });
      warnings.push(...check());
      contract = completeContract(document(), {
        ...(tools.describeSources(tools.readSources(folder.path(''))) as CompletionOptions),
        onWarning: (line) => warnings.push(line),
      });
    });

    it('it is warned of what callers may send without a limit', () => {
      expect(warnings).to.deep.equal([
        'src/tickets.controller.ts:7: warning: GET /open-tickets takes any number as "limit". Write "@isInt limit", "@minimum limit 1" and "@maximum limit 100" in the method\'s comment.',
        'src/tickets.models.ts:10: warning: Picture sets no limit to url. Write "@maxLength 200", or what fits, in its comment.',
        'src/tickets.models.ts:26: warning: CreateTicket sets no limit to title, tags and estimate. Write "@maxLength 200", "@maxItems 100", "@minimum 1" and "@maximum 1000", or what fits, in their comments.',
      ]);
    });

    it('it has summaries, a tag and the problems that its methods throw', () => {
      const { get } = contract.paths['/open-tickets'] ?? {};
      expect(get).to.include({ operationId: 'listOpenTickets', summary: 'List open tickets' });
      expect(get?.tags).to.deep.equal(['Open tickets']);
      expect(contract.paths['/open-tickets/{id}']?.['get']?.responses['404']?.description).to.equal(
        'There is no such ticket: `not_found`.',
      );
    });

    it('its types have names, and what they have is in the contract', () => {
      const names = Object.keys(contract.components.schemas);
      expect(names).to.include.members([
        'TicketPage',
        'PartialCreateTicket',
        'TicketOwner',
        'CreateTicketOwner',
        'CountTicketsResult',
      ]);
      for (const name of names) expect(name).to.match(/^[A-Za-z0-9]+$/);
    });

    it('every example is valid by its own schema', () => {
      const ajv = new Ajv({ strict: false });
      formats.default(ajv);
      ajv.addSchema(toOpenApi31({ ...contract }), 'contract');
      let examples = 0;
      for (const operations of Object.values(contract.paths)) {
        for (const { operationId, requestBody, responses } of Object.values(operations)) {
          const bodies = [requestBody, ...Object.values(responses)];
          for (const media of bodies.flatMap(({ content } = { content: {} }) =>
            Object.values(content ?? {}),
          )) {
            if (media.example === undefined) continue;
            examples += 1;
            const validate = ajv.compile(inContract(media));
            expect(validate(media.example), `${operationId}: ${ajv.errorsText(validate.errors)}`).to.equal(
              true,
            );
          }
        }
      }
      expect(examples).to.equal(8);
    });

    it('a strict check wants the rest from its author', () => {
      const found = check(true);
      expect(found.join('\n')).not.to.include('warning: ');
      for (const line of [
        'src/tickets.controller.ts:6: GET /open-tickets has no summary. Write "@summary <a few words>" in the method\'s comment.',
        "src/tickets.controller.ts:6: GET /open-tickets has no tag. Write @Tags('<Name>') above the class.",
        'src/tickets.models.ts:19: Ticket.owner has a type without a name. Declare and export an interface for it, and name that.',
        'src/tickets.models.ts:12: The model Ticket has no example. Write "@example <JSON>" in its comment.',
      ])
        expect(found).to.include(line);
    });
  });

  it('with a slip has a finding that says what to write', () => {
    write({
      'tickets.models.ts': models,
      'tickets.controller.ts': `
import { Body, Get, Patch, Post, Query, Route, Security, SuccessResponse } from '@tsoa/runtime';
import type { CreateTicket, ProblemDetails, Ticket } from './tickets.models.js';
export interface Person {
  /** @maxlength 200 */
  name: string;
  /** @pattern ^[a-z ]+$ */
  code: string;
  /** @example hello */
  greeting?: string;
  /** @max 5 */
  age?: number;
}
@Route('tickets')
@Security('bearer', ['tickets:read, tickets:write'])
export class TicketsController {
  /** @maximum 100 */
  @Get()
  public anything(@Query() limit = 2): any {
    return limit;
  }
  @Get('one')
  public one(): Ticket | null {
    return null;
  }
  @Post()
  @SuccessResponse(204)
  public create(@Body() body: CreateTicket): Ticket {
    throw new Error(body.title);
  }
  @Patch()
  @SuccessResponse('404')
  public change(@Body() person: Person): void {
    throw new Error(person.name);
  }
}
`.trimStart(),
    });
    const found = check().filter((line) => line.startsWith('src/tickets.controller.ts'));
    expect(found).to.deep.equal([
      'src/tickets.controller.ts:4: warning: The "@maxlength" of Person.name has no effect. Write "@maxLength".',
      'src/tickets.controller.ts:5: warning: Person sets no limit to name, greeting and age. Write "@maxLength 200", "@minimum 1" and "@maximum 1000", or what fits, in their comments.',
      'src/tickets.controller.ts:6: The "@pattern" of Person.code is no regular expression: ^[a-z. It ends at the first space: write a space as \\u0020. What follows is the message of the error.',
      'src/tickets.controller.ts:8: warning: The "@example" of Person.greeting is no JSON, and is left out. Write names and strings in double quotes.',
      'src/tickets.controller.ts:10: warning: The "@max" of Person.age has no effect. Write "@maximum".',
      'src/tickets.controller.ts:14: "tickets:read, tickets:write" cannot be a permission. Write each permission as a string of its own, such as \'reports:read\'.',
      'src/tickets.controller.ts:16: warning: The "@maximum" of GET /tickets does not say of which parameter, and has no effect. Write its name behind: "@maximum limit 100".',
      'src/tickets.controller.ts:17: warning: The contract cannot say what GET /tickets returns. Give the method a return type: "Promise<Ticket>", with an interface of your own.',
      'src/tickets.controller.ts:18: warning: GET /tickets takes any number as "limit". Write "@isInt limit", "@minimum limit 1" and "@maximum limit 100" in the method\'s comment.',
      "src/tickets.controller.ts:21: warning: GET /tickets/one may return null, which is sent as 204 without a body; the contract does not have that. Throw a problem where there is nothing: throw new Problem('not_found').",
      'src/tickets.controller.ts:25: POST /tickets responds with 204, which has no body, and returns something. Write @SuccessResponse(200, …), or let the method return Promise<void>.',
      'src/tickets.controller.ts:30: PATCH /tickets says that 404 is its success. Write @SuccessResponse with a status from 200 to 299, and @Response for an error.',
    ]);
  });
});

function inContract({ schema }: MediaType): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"contract#/')) as object;
}

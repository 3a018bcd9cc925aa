import { expect } from 'chai';
import { deriveNames } from '../../src/contract/derive-names.js';
import { toModelName, toSentence, toTypeName } from '../../src/contract/names.js';
import type { Document, Operation, Schema } from '../../src/contract/openapi.js';

const reference = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Schema): Operation['requestBody'] => ({ content: { 'application/json': { schema } } });
const text = { type: 'string' };
const inline = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });
const closed = (properties: Record<string, Schema>): Schema => ({
  ...inline(properties),
  additionalProperties: false,
});

function derived(schemas: Record<string, Schema>, operation: Partial<Operation> = {}): Document {
  const document: Document = {
    openapi: '3.0.3',
    info: {},
    components: { schemas },
    paths: { '/tickets': { post: { operationId: 'createTicket', responses: {}, ...operation } } },
  };
  deriveNames(document);
  return document;
}

describe('A model without a name in the contract', () => {
  it('is named after its property, at any depth', () => {
    const { schemas } = derived({
      Ticket: inline({
        title: text,
        assigned_to: inline({ name: text, team: inline({ id: text }) }),
        comments: { type: 'array', items: inline({ text }) },
        labels: { type: 'object', additionalProperties: inline({ color: text }) },
      }),
    }).components;
    expect(schemas).to.deep.equal({
      Ticket: inline({
        title: text,
        assigned_to: reference('TicketAssignedTo'),
        comments: { type: 'array', items: reference('TicketCommentsItem') },
        labels: { type: 'object', additionalProperties: reference('TicketLabelsValue') },
      }),
      TicketAssignedTo: closed({ name: text, team: reference('TicketAssignedToTeam') }),
      TicketAssignedToTeam: closed({ id: text }),
      TicketCommentsItem: closed({ text }),
      TicketLabelsValue: closed({ color: text }),
    });
  });

  it('keeps the description of its place, and may be null', () => {
    const owner = { ...inline({ name: text }), description: 'Of the ticket.', nullable: true, title: 'x' };
    const { schemas } = derived({ Ticket: inline({ owner }) }).components;
    expect(schemas['Ticket']?.properties?.['owner']).to.deep.equal({
      allOf: [reference('TicketOwner')],
      description: 'Of the ticket.',
      nullable: true,
    });
    expect(schemas['TicketOwner']).to.deep.equal(closed({ name: text }));
  });

  it('is named after its operation, in a request and a response', () => {
    const { components, paths } = derived(
      {},
      {
        requestBody: json(inline({ title: text })) ?? { content: {} },
        responses: {
          '201': { description: '', content: { 'application/json': { schema: inline({ id: text }) } } },
        },
      },
    );
    const operation = paths['/tickets']?.['post'];
    expect(operation?.requestBody?.content['application/json']?.schema).to.deep.equal(
      reference('CreateTicketRequest'),
    );
    expect(operation?.responses['201']?.content?.['application/json']?.schema).to.deep.equal(
      reference('CreateTicketResult'),
    );
    expect(components.schemas).to.have.all.keys('CreateTicketRequest', 'CreateTicketResult');
  });

  it('leaves a form with files unchanged', () => {
    const requestBody = { content: { 'multipart/form-data': { schema: inline({ title: text }) } } };
    expect(derived({}, { requestBody }).components.schemas).to.deep.equal({});
  });

  it('gets no name that is taken', () => {
    const { schemas } = derived({
      Ticket: inline({ owner: inline({ name: text }) }),
      TicketOwner: text,
    }).components;
    expect(schemas).to.have.all.keys('Ticket', 'TicketOwner', 'TicketOwner2');
  });

  it('gets an identifier if it is an instance of a generic type, wherever it is referred to', () => {
    const { schemas } = derived({
      Page_Ticket_: inline({ items: { type: 'array', items: reference('Ticket') } }),
      'Pick_Ticket.id-or-title_': inline({ id: text }),
      Ticket: inline({
        page: reference('Page_Ticket_'),
        short: reference(encodeURIComponent('Pick_Ticket.id-or-title_')),
      }),
    }).components;
    expect(schemas).to.have.all.keys('Ticket', 'TicketPage', 'PickTicketIdOrTitle');
    expect(schemas['Ticket']?.properties).to.deep.equal({
      page: reference('TicketPage'),
      short: reference('PickTicketIdOrTitle'),
    });
  });
});

describe('A model of one of TypeScript’s own generic types', () => {
  it('gets only its properties, and not the description of that type', () => {
    const { schemas } = derived({
      Partial_Ticket_: { ...inline({ title: text }), description: 'Make all properties in T optional' },
      'Record_string.number_': {
        type: 'object',
        properties: {},
        additionalProperties: { type: 'number' },
        description: 'Construct a type',
      },
      Page_Ticket_: { ...inline({ title: text }), description: 'A page.' },
    }).components;
    expect(schemas).to.deep.equal({
      PartialTicket: closed({ title: text }),
      RecordStringNumber: { type: 'object', properties: {}, additionalProperties: { type: 'number' } },
      TicketPage: { ...closed({ title: text }), description: 'A page.' },
    });
  });
});

describe('A name in the contract', () => {
  it('is split into words', () => {
    expect(toSentence('listOpenTickets')).to.equal('List open tickets');
    expect(toSentence('getURLOfTicket2')).to.equal('Get URL of ticket 2');
    expect(toSentence('audit-logs')).to.equal('Audit logs');
    expect(toTypeName('assigned_to')).to.equal('AssignedTo');
  });

  it('is an identifier, also of generic types', () => {
    for (const [madeUp, name] of [
      ['Page_Ticket_', 'TicketPage'],
      ['Box_string_', 'StringBox'],
      ['Partial_CreateTicket_', 'PartialCreateTicket'],
      ['Omit_Ticket.id_', 'OmitTicketId'],
      ['Record_string.number_', 'RecordStringNumber'],
      ['Partial_Omit_Ticket.id__', 'PartialOmitTicketId'],
      ['Page_Ticket-Array_', 'PageTicketArray'],
    ] as const)
      expect(toModelName(madeUp)).to.equal(name);
  });
});

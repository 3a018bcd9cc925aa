/** Splits `listOpenTickets`, `open-tickets` or `open_tickets` into words; acronyms stay in capitals. */
function splitWords(name: string): string[] {
  const parts = name.split(
    /[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[a-z])/,
  );
  return parts
    .filter((part) => part !== '')
    .map((part) => (/^[A-Z]{2,}$/.test(part) ? part : part.toLowerCase()));
}

/** `listOpenTickets` → `List open tickets` */
export function toSentence(name: string): string {
  return capitalize(splitWords(name).join(' '));
}

/** `assigned_to` → `AssignedTo` */
export function toTypeName(name: string): string {
  return splitWords(name).map(capitalize).join('');
}

/** TypeScript's utility types. */
const utilities = ['Partial', 'Required', 'Readonly', 'Pick', 'Omit', 'Record', 'NonNullable'];

/** Whether tsoa has made up the name, such as `Page_Ticket_` for `Page<Ticket>`. */
export function isMadeUpName(name: string): boolean {
  return !/^[A-Za-z][A-Za-z0-9]*$/.test(name);
}

/** Whether it is an instance of a utility type, such as `Partial_Ticket_`. */
export function isOfUtility(madeUp: string): boolean {
  return utilities.includes(madeUp.split('_')[0] ?? '');
}

/** An identifier in any language: `Page_Ticket_` → `TicketPage`, `Partial_Ticket_` → `PartialTicket`. */
export function toModelName(madeUp: string): string {
  const [, generic = '', argument = ''] = /^([A-Za-z0-9]+)_([A-Za-z0-9]+)_$/.exec(madeUp) ?? [];
  if (generic !== '' && !utilities.includes(generic)) return capitalize(argument) + generic;
  return madeUp
    .split(/[^A-Za-z0-9]+/)
    .map(capitalize)
    .join('');
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

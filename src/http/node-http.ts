/**
 * Node's HTTP. `import` of its values would ask it for all that it exports, and with that load its WebSocket: a twentieth
 * of the service's start, and memory that nothing here uses.
 */
export const { createServer, IncomingMessage, ServerResponse, STATUS_CODES } =
  process.getBuiltinModule('node:http');

/**
 * Node's HTTP. An `import` of its values asks for all that it exports, and so loads its WebSocket: 35 of the 510 ms of
 * a start, and 16 MB, that nothing here uses.
 */
export const { createServer, IncomingMessage, ServerResponse, STATUS_CODES } =
  process.getBuiltinModule('node:http');

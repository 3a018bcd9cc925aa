// Node's own HTTP server: what any framework on it stands on.
import { createServer } from 'node:http';

const headers = { 'Content-Type': 'application/json; charset=utf-8' };

createServer((request, response) => {
  if (request.method === 'GET' && request.url === '/protected') {
    const body = JSON.stringify({ message: 'This is a protected endpoint.' });
    response.writeHead(200, { ...headers, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  } else {
    response.writeHead(404);
    response.end();
  }
}).listen(Number(process.env.PORT), '127.0.0.1');

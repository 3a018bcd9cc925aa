// Loaded before the service (`--import`): it neither times nor counts requests and looked-up tokens.
import { changeSource } from './change-source.ts';

changeSource({
  'dist/src/server/app.js': [['requests.record(operation, status, performance.now() - arrivedAt);', '']],
  'dist/src/server/express-messages.js': [['this.arrivedAt = performance.now();', 'this.arrivedAt = 0;']],
  'dist/src/tokens/access-token.js': [['this.#hits += 1;', '']],
});

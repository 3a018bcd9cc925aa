import { executionAsyncResource } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';

/** Objects that nobody needs, of shapes that are. */
const held: object[] = [];

/**
 * Keeps what V8 has learnt of the shapes of objects over a garbage collection. It forgets a shape of which no object
 * lives just then, and the code that was compiled for it: a service that is idle when a collection comes was slower by a
 * sixth from then on, until its next start (`bench`, revocations-million).
 *
 * Shapes that optimised code names are kept by a setting of V8. What `process.nextTick` makes, several times a request,
 * is often not yet among them, and of that an object of each shape is held.
 */
export function retainHiddenClasses(): void {
  // In collections; V8 keeps them for two. There are as many of these shapes as the code has, whatever is asked of it.
  setFlagsFromString('--retain-maps-for-n-gc=1000000000');
  const hold = (): void => {
    held.push(executionAsyncResource());
  };
  process.nextTick(hold);
  process.nextTick(hold, 1);
  process.nextTick(hold, 1, 2);
  process.nextTick(hold, 1, 2, 3);
}

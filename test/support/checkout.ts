import { fileURLToPath } from 'node:url';

/** The checkout, seen from the compiled file: dist/test/support. */
export const checkout = fileURLToPath(new URL('../../..', import.meta.url));

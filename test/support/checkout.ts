import { fileURLToPath } from 'node:url';

/** The checkout, relative to the compiled file in dist/test/support. */
export const checkout = fileURLToPath(new URL('../../..', import.meta.url));

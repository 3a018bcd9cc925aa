import helmet from 'helmet';
import { headersOf, type Header } from './response-headers.js';

/** What every response has, and what of it says nothing of the request. */
export const commonHeaders: readonly Header[] = [
  ...headersOf(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      strictTransportSecurity: false, // which depends on the request
    }),
  ),
  ['Cache-Control', 'no-store'],
];

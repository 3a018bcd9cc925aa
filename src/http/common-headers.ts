import helmet from 'helmet';
import { captureHeaders, type Header } from './response-headers.js';

/** What every response has, and what of it says nothing of the request. */
export const commonHeaders: readonly Header[] = [
  ...captureHeaders(
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

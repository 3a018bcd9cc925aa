import helmet from 'helmet';
import { captureHeaders, type Header } from './response-headers.js';

/** Headers of every response that do not depend on the request. */
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

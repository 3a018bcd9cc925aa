import './express-request.js';
import type { Services } from './services.js';

declare global {
  // The way that Express's types are extended.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Locals {
      services: Services;
    }
  }
}

import type * as app from '../../src/server/app.ts';
import type * as clock from '../../src/clock.ts';
import type * as firstStart from '../../src/server/first-start.ts';
import type * as config from '../../src/config/config.ts';
import type * as database from '../../src/database/open-database.ts';
import type * as guard from '../../src/guard/guard.ts';
import type * as httpServer from '../../src/server/http-server.ts';
import type * as installation from '../../src/server/installation.ts';
import type * as storedHash from '../../src/passwords/stored-hash.ts';
import type * as services from '../../src/server/services.ts';
import type * as sessionRotation from '../../src/sessions/session-rotation.store.ts';
import type * as openProject from '../../src/server/open-project.ts';
import type * as project from '../../src/project.ts';
import type * as revocations from '../../src/revocations/revocations.ts';

/** The modules of the service that the benchmarks use. */
interface Built {
  'server/app.js': typeof app;
  'server/first-start.js': typeof firstStart;
  'clock.js': typeof clock;
  'config/config.js': typeof config;
  'database/open-database.js': typeof database;
  'guard/guard.js': typeof guard;
  'server/http-server.js': typeof httpServer;
  'server/installation.js': typeof installation;
  'server/services.js': typeof services;
  'sessions/session-rotation.store.js': typeof sessionRotation;
  'passwords/stored-hash.js': typeof storedHash;
  'project.js': typeof project;
  'server/open-project.js': typeof openProject;
  'revocations/revocations.js': typeof revocations;
}

/** A module of the compiled service: type stripping cannot read its sources, which have decorators. */
export async function loadBuilt<Name extends keyof Built>(name: Name): Promise<Built[Name]> {
  return (await import(new URL(`../../dist/src/${name}`, import.meta.url).href)) as Built[Name];
}

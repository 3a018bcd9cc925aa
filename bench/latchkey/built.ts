import type * as clock from '../../src/clock.ts';
import type * as config from '../../src/config.ts';
import type * as installation from '../../src/installation.ts';
import type * as services from '../../src/services.ts';

/** The modules of the service that the benchmarks use. */
interface Built {
  'clock.js': typeof clock;
  'config.js': typeof config;
  'installation.js': typeof installation;
  'services.js': typeof services;
}

/** A module of the compiled service: type stripping cannot read its sources, which have decorators. */
export async function built<Name extends keyof Built>(name: Name): Promise<Built[Name]> {
  return (await import(new URL(`../../dist/src/${name}`, import.meta.url).href)) as Built[Name];
}

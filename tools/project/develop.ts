// `latchkey dev`: rebuilds in this process, which stays warm, and restarts the service after each build that is good. Where
// one is not, the service goes on as it was.
import { join } from 'node:path';
import type { Outcome } from './builder.ts';
import { Changes } from './changes.ts';
import { Service } from './service.ts';
import { watchFiles, watchFolder } from './watch.ts';

interface DevelopmentBuilder {
  readonly build: () => Promise<Outcome>;
  readonly warmUp: () => void;
}

export interface Development {
  readonly root: string;
  /** What a service process runs: bin/serve.js. */
  readonly script: string;
  /** Whether what is compiled is not that of the sources. */
  readonly isStale: () => boolean;
  /** A builder reads settings and packages once: after a change of those there is another one. */
  readonly createBuilder: () => DevelopmentBuilder;
}

/** Files of the root that decide on a build. */
const settings = /^(package(-lock)?|tsoa|tsconfig(\..*)?)\.json$/;

/** Runs until a signal ends it. */
export async function develop({ root, script, isStale, createBuilder }: Development): Promise<never> {
  const changes = new Changes();
  const service = new Service(script, root, () => {
    if (!isEnding) console.error('The service has ended. It starts again after the next change.');
  });
  let isEnding = false;
  let builder: DevelopmentBuilder | undefined;
  const watched = [
    watchFolder(join(root, 'src'), () => {
      changes.add();
    }),
    watchFiles(
      root,
      (name) => settings.test(name),
      () => {
        builder = undefined;
        changes.add();
      },
    ),
  ];
  const end = (): void => {
    isEnding = true;
    for (const each of watched) each.close();
    void service.end().then(() => process.exit(0));
  };
  // Ctrl-C arrives several times: from the terminal, npm and the launcher.
  process.on('SIGINT', end);
  process.on('SIGTERM', end);

  const build = async (): Promise<Outcome & { readonly seconds: string }> => {
    const start = performance.now();
    builder ??= createBuilder();
    const outcome = await builder.build().catch((error: unknown): Outcome => {
      // A file has gone while it was read; that is a change, too, after which it is built again.
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
      builder = undefined;
      return { errors: [error.message], warnings: [], hasChanged: false };
    });
    return { ...outcome, seconds: `${((performance.now() - start) / 1000).toFixed(1)} s` };
  };
  /**
   * @param done what is said once the service is ready
   * @returns whether it was tried to the end: another change interrupts it.
   */
  const restart = async (done?: string): Promise<boolean> => {
    const isReady = await service.restart(changes.waitForChange());
    if (isReady === true && done !== undefined) console.log(done);
    if (isReady === false) {
      console.error(
        service.isRunning
          ? 'What was built cannot be loaded, as it says above. The service goes on as it was.'
          : 'The service did not start, as it says above. It starts again after the next change.',
      );
    }
    return isReady !== undefined;
  };

  if (isStale()) changes.add();
  else {
    const starting = restart();
    // Beside the start of the service, which is a process of its own: the first edit would have to wait for it.
    builder = createBuilder();
    builder.warmUp();
    await starting;
  }
  let isOutdated = false;
  let hasFailed = false;
  let shown: readonly string[] = [];
  for (;;) {
    await changes.waitUntilSettled();
    const { errors, warnings, hasChanged, seconds } = await build();
    isOutdated ||= hasChanged;
    for (const warning of warnings) if (!shown.includes(warning)) console.error(warning);
    shown = warnings;
    if (errors.length > 0) {
      const rest = service.isRunning ? 'The service goes on as it was.' : 'There is nothing to run yet.';
      console.error(`\n${errors.join('\n')}\n\nNot built (${seconds}). ${rest}`);
    } else if (isOutdated || !service.isRunning) {
      const done = service.isRunning ? `Rebuilt in ${seconds}; restarted.` : `Built in ${seconds}.`;
      isOutdated = !(await restart(done));
    } else if (hasFailed) console.log(`Built in ${seconds}; what runs is that already.`);
    hasFailed = errors.length > 0;
  }
}

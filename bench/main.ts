// npm run bench: measures Latchkey beside its limits and its peers. See README.md.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findConditions } from './harness/conditions.ts';
import { describeMachine } from './harness/machine.ts';
import { endEverythingAtExit } from './harness/processes.ts';
import { render } from './harness/report.ts';
import { build } from './latchkey/latchkey.ts';
import { scenarios, type ScenarioName } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { publish, writeResults } from './results.ts';
import { describeVersions } from './versions.ts';

const profiled = Object.entries<Scenario>(scenarios)
  .filter(([, { profile }]) => profile)
  .map(([name]) => name);

const usage = `npm run bench -- [scenario ...] [options]

Scenarios; without one, all but the soak:
${Object.entries(scenarios)
  .map(([name, { title }]) => `  ${name.padEnd(20)} ${title}`)
  .join('\n')}

Options:
  --quick            shows in a minute that everything works; its figures are worth nothing
  --rounds <n>       how many rounds (5, or fewer where they take long)
  --seconds <n>      how long each measurement of a round takes (2)
  --only <names>     protected: only these subjects, comma-separated
  --against <folder> protected, second-factors: also another checkout of Latchkey, built, from before a change; several times for several
  --profile          where the time goes, instead of how long it takes: ${profiled.join(', ')}
  --minutes <n>      soak: how long (10)
  --write            puts the results into bench/results, and draws the chart and the lists of README.md again
  --draw             draws those again from the results that are there, and measures nothing
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    against: { type: 'string', multiple: true, default: [] },
    profile: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    write: { type: 'boolean', default: false },
    draw: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name);
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option} must be a number above zero; it is "${text}".`);
  return value;
}

/** What is wrong with the arguments; undefined: nothing. */
function complaint(): string | undefined {
  const unknown = positionals.filter((name) => !isScenario(name));
  if (unknown.length > 0) return `There is no scenario ${unknown.join(', ')}.`;
  if (values.write && (values.quick || values.only !== undefined || values.against.length > 0)) {
    return 'Results that are written are whole: --write goes with none of --quick, --only and --against.';
  }
  if (!values.profile) return undefined;
  const rest = positionals.filter((name) => !profiled.includes(name));
  if (rest.length > 0) return `There is no profile of ${rest.join(', ')}.`;
  return positionals.length === 0 ? 'A profile is of a scenario that you name.' : undefined;
}

async function main(): Promise<void> {
  const error = complaint();
  if (values.help || error !== undefined) {
    if (error !== undefined) console.error(`${error}\n`);
    console.log(usage);
    process.exitCode = error === undefined ? 0 : 1;
    return;
  }
  if (values.draw) {
    publish(Object.keys(scenarios));
    return;
  }
  endEverythingAtExit();
  const names = positionals.filter(isScenario);
  const chosen =
    names.length > 0 ? names : (Object.keys(scenarios) as ScenarioName[]).filter((name) => name !== 'soak');
  const conditions = findConditions({
    quick: values.quick,
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
  });
  const minutes = positive('minutes', values.minutes) ?? 10;
  build();
  const date = new Date().toISOString().slice(0, 10);
  const failed: string[] = [];
  for (const name of chosen) {
    const scenario: Scenario = scenarios[name];
    const { asserts = false } = scenario;
    const title = values.profile ? `where the time of the service's own thread goes` : scenario.title;
    console.log(`\n### ${name}: ${title}\n`);
    try {
      const report =
        values.profile && scenario.profile
          ? await scenario.profile(conditions, resolve('dist/bench/latchkey.cpuprofile'))
          : await scenario.run(conditions, {
              against: values.against.map((folder) => resolve(folder)),
              only: values.only?.split(','),
              minutes,
            });
      const toolchains = ['node', ...(scenario.toolchains ?? [])] as const;
      const machine = `${describeMachine(conditions, date)}\n${describeVersions(toolchains)}`;
      const results = `${machine}\n\n${render(report)}`;
      console.log(results);
      if (values.write) {
        const file = values.profile ? `${name}-profile` : name;
        writeResults(file, date, `# ${file}: ${title}\n\n${results}`);
        publish(Object.keys(scenarios));
      }
      if (asserts && report.aims.some(({ isMet }) => !isMet)) failed.push(name);
    } catch (error) {
      console.error(error);
      failed.push(name);
    }
  }
  if (failed.length > 0) {
    console.error(`Failed: ${failed.join(', ')}.`);
    process.exitCode = 1;
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
// Whatever still runs ends with this process.
process.exit();

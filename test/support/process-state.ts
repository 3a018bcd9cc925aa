import { readdirSync, readFileSync } from 'node:fs';

/** Characters of each stream that a failure shows. */
const shownLength = 3000;

/** The end of what a process has printed. */
export function describeOutput(stdout: string, stderr: string): string {
  return [describeStream('stdout', stdout), describeStream('stderr', stderr)].join('\n');
}

export function describeStream(name: string, text: string): string {
  if (text === '') return `  ${name}: nothing`;
  const left = text.length - shownLength;
  const cut = left > 0 ? ` (without the first ${left} characters)` : '';
  return `  ${name}${cut}:\n${text.slice(-shownLength).replaceAll(/^/gm, '    ')}`;
}

/** What a process and those that it has started are doing, as Linux knows it. */
export function describeProcess(pid: number): string {
  if (process.platform !== 'linux') return 'what it does is not known here';
  try {
    const children = childrenOf(pid).map((child) => `\n  its process ${child}: ${describeProcess(child)}`);
    return `${describeOne(pid)}${children.join('')}`;
  } catch (error) {
    // It has ended meanwhile.
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function describeOne(pid: number): string {
  const read = (name: string): string =>
    readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ').trim();
  // What follows the name in parentheses, which may have anything in it: state, and the 12th and 13th from there are times.
  const fields = read('stat').split(') ').at(-1)?.split(' ') ?? [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  const threads = fields[17] ?? '?';
  const where = read('wchan');
  return `state ${fields[0] ?? '?'}${where === '0' ? '' : ` in ${where}`}, ${ticks / 100} s of CPU, ${threads} threads, ${read('cmdline')}`;
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

/** Bars of ratios on one logarithmic scale, as SVG: to the right of 1 is ahead, to the left behind. */
export interface Bar {
  readonly label: string;
  /** NaN: not measured. */
  readonly ratio: number;
  /** Where the ratio is wanted to be, or beyond. */
  readonly aim?: number;
}

export interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Panel {
  readonly title: string;
  readonly date: string;
  readonly groups: readonly Group[];
}

interface Drawing {
  readonly title: string;
  /** What a bar says, in a sentence or two under the title, a line each. */
  readonly legend: readonly string[];
  readonly panels: readonly Panel[];
}

const width = 960;
const margin = 24;
/** Where the labels end, and the plot and the columns beside it begin. */
const plot = { left: 424, right: 744 } as const;
const columns = { ratio: 812, aim: 936 } as const;
const row = 22;
const barHeight = 12;

/** For a light page and for a dark one; blue and orange can be told apart without seeing red from green. */
const style = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .page { fill: #ffffff } .title { font-size: 18px; font-weight: 600 } .panel { font-size: 15px; font-weight: 600 }
  .quiet { fill: #59636e } .end { text-anchor: end } .middle { text-anchor: middle } .strong { font-weight: 600 }
  .ahead { fill: #0969da } .behind { fill: #bc4c00 } .grid { stroke: #d1d9e0 } .equal { stroke: #59636e }
  .aim { stroke: #1f2328; stroke-width: 2 } .missed { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .page { fill: #0d1117 } .quiet { fill: #9198a1 }
    .ahead { fill: #4493f8 } .behind { fill: #f0883e } .grid { stroke: #3d444d } .equal { stroke: #9198a1 }
    .aim { stroke: #f0f6fc } .missed { fill: #f0883e }
  }
`;

/** Draws them: text stays text, and the description has every ratio in words. */
export function drawBars({ title, legend, panels }: Drawing): string {
  const scale = computeScale(panels.flatMap(({ groups }) => groups.flatMap(({ bars }) => bars)));
  const body: string[] = [];
  let y = margin + 14;
  body.push(text(margin, y, title, 'title'));
  for (const line of legend) {
    y += 20;
    body.push(text(margin, y, line, 'quiet'));
  }
  for (const { title: name, date, groups } of panels) {
    y += 40;
    body.push(text(margin, y, name, 'panel'));
    body.push(text(columns.aim, y, date === '' ? 'not measured yet' : `measured on ${date}`, 'quiet end'));
    y += 22;
    body.push(text(columns.ratio, y, 'ratio', 'quiet end'), text(columns.aim, y, 'aim', 'quiet end'));
    for (const tick of scale.ticks) body.push(text(scale.x(tick), y, tickName(tick), 'quiet middle'));
    const top = y + 6;
    const rows: string[] = [];
    for (const group of groups) {
      y += row;
      rows.push(text(plot.left - 12, y, group.title, 'quiet end'));
      for (const bar of group.bars) {
        y += row;
        rows.push(...drawBar(bar, y, scale.x));
      }
    }
    const bottom = y + 8;
    for (const tick of scale.ticks) {
      const x = scale.x(tick);
      const kind = tick === 1 ? 'equal' : 'grid';
      body.push(`<line class="${kind}" x1="${x}" y1="${top}" x2="${x}" y2="${bottom}"/>`);
    }
    body.push(...rows);
    y = bottom;
  }
  const height = y + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="description">${escape(describe(panels))}</desc>`,
    `<style>${style}</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

interface Scale {
  readonly x: (ratio: number) => number;
  /** Powers of two. */
  readonly ticks: readonly number[];
}

function computeScale(bars: readonly Bar[]): Scale {
  const values = [0.5, 2, ...bars.flatMap(({ ratio, aim = 1 }) => (ratio > 0 ? [ratio, aim] : [aim]))];
  const first = Math.floor(Math.log2(Math.min(...values)));
  const last = Math.ceil(Math.log2(Math.max(...values)));
  const octave = (plot.right - plot.left) / (last - first);
  return {
    x: (ratio) => Math.round(10 * (plot.left + (Math.log2(ratio) - first) * octave)) / 10,
    ticks: Array.from({ length: last - first + 1 }, (_, index) => 2 ** (first + index)),
  };
}

function drawBar({ label, ratio, aim }: Bar, y: number, x: Scale['x']): string[] {
  const isMeasured = ratio > 0;
  const isMissed = isMeasured && aim !== undefined && ratio < aim;
  const verdict = isMeasured ? (isMissed ? 'missed' : 'met') : 'not measured';
  const parts = [text(plot.left - 12, y, label, 'end')];
  if (isMeasured) {
    const [from, to] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
    const length = Math.max(1, Math.round(10 * (to - from)) / 10);
    const kind = ratio >= 1 ? 'ahead' : 'behind';
    parts.push(
      `<rect class="${kind}" x="${from}" y="${y - barHeight + 1}" width="${length}" height="${barHeight}"/>`,
      text(columns.ratio, y, ratio.toFixed(2), 'end strong'),
    );
  }
  if (aim !== undefined) {
    const at = x(aim);
    parts.push(
      `<line class="aim" x1="${at}" y1="${y - barHeight - 2}" x2="${at}" y2="${y + 4}"/>`,
      text(columns.aim, y, `${aim.toFixed(2)}, ${verdict}`, isMissed ? 'missed end' : 'quiet end'),
    );
  } else if (!isMeasured) parts.push(text(columns.aim, y, verdict, 'quiet end'));
  return parts;
}

function tickName(tick: number): string {
  if (tick === 1) return 'equal';
  return tick > 1 ? `${tick}×` : `1/${1 / tick}`;
}

function describe(panels: readonly Panel[]): string {
  return panels
    .map(({ title, date, groups }) => {
      const ratios = groups.flatMap(({ bars }) =>
        bars.map(({ label, ratio, aim }) => {
          const value = ratio > 0 ? ratio.toFixed(2) : 'not measured';
          return `${label} ${value}${aim === undefined ? '' : ` (aim ${aim.toFixed(2)})`}`;
        }),
      );
      return `${title}${date === '' ? '' : `, measured on ${date}`}: ${ratios.join('; ')}.`;
    })
    .join(' ');
}

function text(x: number, y: number, content: string, kind: string): string {
  return `<text x="${x}" y="${y}" class="${kind}">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

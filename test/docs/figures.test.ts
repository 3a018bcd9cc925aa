import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { listLinks } from '../support/markdown.js';
import { listFiles, readPage } from '../support/pages.js';

interface Figure {
  readonly text: string;
  readonly value: number;
  /** Half of the last digit's place. */
  readonly tolerance: number;
}

/** Numbers of thousands, with decimals, or before a unit. */
function readFigures(text: string): Figure[] {
  const found = text.matchAll(
    /(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d+\.\d+|\d+(?= (?:ms|µs|MiB)\b))(?![\w.]*\w)/g,
  );
  return [...found].map(([, digits = '']) => ({
    text: digits,
    value: Number(digits.replaceAll(',', '')),
    tolerance: 0.5 * 10 ** -(digits.split('.')[1]?.length ?? 0) + 1e-9,
  }));
}

/** The figures beside a link to a result that are not in it, each with its page. */
function findUnmeasured(page: string): string[] {
  return readPage(page)
    .split(/\n\s*\n|\n(?=- )/)
    .flatMap((paragraph) => {
      const results = listLinks(paragraph)
        .map((link) => join(dirname(page), link))
        .filter((path) => path.startsWith('bench/results/'));
      if (results.length === 0) return [];
      const measured = results.flatMap((result) => readMeasured(readPage(result)));
      return readFigures(paragraph)
        .filter(({ value, tolerance }) => !measured.some((figure) => Math.abs(figure - value) <= tolerance))
        .map(({ text }) => `${page}: ${text}`);
    });
}

function readMeasured(result: string): number[] {
  return [...result.matchAll(/\d[\d,]*(?:\.\d+)?/g)].map(([digits]) => Number(digits.replaceAll(',', '')));
}

describe('The figures of pages', () => {
  it('are in the result that they link to, but for rounding', () => {
    const pages = listFiles('*.md').filter((page) => !/^bench\/|^CHANGELOG/.test(page));
    expect(pages.flatMap(findUnmeasured)).to.deep.equal([]);
  });

  it('are read with their rounding', () => {
    expect(
      readFigures('1,968 a second, 3.6 ms, 34 MiB, 50 at a time, version 6.0.1').map(({ text }) => text),
    ).to.deep.equal(['1,968', '3.6', '34']);
    expect(readMeasured('| 33.6 | 1,968 |')).to.deep.equal([33.6, 1968]);
  });
});

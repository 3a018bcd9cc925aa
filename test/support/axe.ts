import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/**
 * What axe finds in a page that is serious or critical.
 * @param part a selector: parts that a step did not change need not be checked again.
 */
export async function findSeriousViolations(tab: Page, part = 'html'): Promise<string[]> {
  await tab.evaluate(axe.source);
  const { violations } = await tab.evaluate<{ violations: Finding[] }>(
    `axe.run(${JSON.stringify(part)}, { resultTypes: ['violations'] })`,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    );
}

/** By how much the page is wider than the window, in CSS pixels. */
export async function measureOverflow(tab: Page): Promise<number> {
  return tab.evaluate<number>(
    `Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - document.documentElement.clientWidth`,
  );
}

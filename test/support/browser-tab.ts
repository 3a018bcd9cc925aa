import { setTimeout as wait } from 'node:timers/promises';
import { errors, type Locator, type Page, type Request } from 'playwright-core';
import { describeOnFailure } from './failures.js';
import { until } from './until.js';

/** Requests of watched tabs that have no response yet. */
const openRequests = new WeakMap<Page, Set<Request>>();

/** Has a test that fails show what a tab is doing. */
export function watchTab(tab: Page): Page {
  const openedAt = performance.now();
  const events: string[] = [];
  const note = (text: string): void => {
    events.push(`${((performance.now() - openedAt) / 1000).toFixed(1)} s: ${text}`);
    if (events.length > 30) events.shift();
  };
  const open = new Set<Request>();
  openRequests.set(tab, open);
  tab.on('framenavigated', (frame) => {
    if (frame === tab.mainFrame()) note(`at ${frame.url()}`);
  });
  tab.on('domcontentloaded', () => {
    note('the document is read');
  });
  tab.on('load', () => {
    note('the page is loaded');
  });
  tab.on('console', (message) => {
    note(`console ${message.type()}: ${message.text()}`);
  });
  tab.on('pageerror', ({ message }) => {
    note(`error: ${message}`);
  });
  tab.on('crash', () => {
    note('crashed');
  });
  tab.on('request', (request) => open.add(request));
  tab.on('requestfinished', (request) => open.delete(request));
  tab.on('requestfailed', (request) => {
    open.delete(request);
    note(`${request.method()} ${request.url()} failed: ${request.failure()?.errorText ?? 'unknown'}`);
  });
  const forget = describeOnFailure(() => {
    const requests = [...open].map((request) => `without a response: ${request.method()} ${request.url()}`);
    const age = ((performance.now() - openedAt) / 1000).toFixed(1);
    return [`A tab at ${tab.url()}, opened ${age} s ago`, ...events, ...requests].join('\n  ');
  });
  tab.on('close', forget);
  tab.context().browser()?.on('disconnected', forget);
  return tab;
}

/** Resolves when everything that a watched tab has asked has its response. */
export async function waitForResponses(tab: Page): Promise<void> {
  // A request is known here before the result of what is evaluated after it.
  await tab.evaluate('undefined');
  await until(() => openRequests.get(tab)?.size === 0);
}

/**
 * Clicks after the browser has rendered two frames without changes. On a busy machine, headless Chromium sometimes
 * renders none until it has to, for a screenshot.
 */
export async function click(target: Locator): Promise<void> {
  try {
    await target.click({ timeout: 10_000 });
  } catch (error) {
    if (!(error instanceof errors.TimeoutError)) throw error;
    await target.page().screenshot();
    try {
      await target.click({ timeout: 20_000 });
    } catch (again) {
      if (again instanceof Error) again.message += `\n${await describeDocument(target.page())}`;
      throw again;
    }
  }
}

/** The page as it sees itself, within two seconds. */
async function describeDocument(tab: Page): Promise<string> {
  const seen = tab.evaluate<string>(`new Promise((resolve) => {
    const say = (frames) => resolve([document.title, document.readyState, document.visibilityState, frames].join(', '));
    requestAnimationFrame(() => say('it renders frames'));
    setTimeout(() => say('no frame within a second'), 1000);
  })`);
  return Promise.race([
    seen.catch(String),
    wait(2000, 'The page runs no script within two seconds.', { ref: false }),
  ]);
}

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { watchTab } from './browser-tab.js';
import { openProfile } from './docs-page.js';
import { PrefixProxy } from './proxy.js';
import { TestApp } from './test-app.js';

/** A page of an application in Chromium, at the service's own origin, with an authenticator that needs no hand. */
export class PasskeyPage {
  private constructor(
    readonly app: TestApp,
    readonly profile: BrowserContext,
    readonly origin: string,
    private readonly proxy: PrefixProxy,
    private readonly script: string,
  ) {}

  /** @param script that of the page. */
  static async open(
    browser: Browser,
    script: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<PasskeyPage> {
    const services: Record<string, string> = {};
    const proxy = await PrefixProxy.start(services);
    // Browsers have passkeys for names alone.
    const { origin } = new URL(proxy.origin.replace('127.0.0.1', 'localhost'));
    const app = await TestApp.start({ settings: { LATCHKEY_ISSUER: origin, ...settings } });
    services[''] = app.url;
    const profile = await openProfile(browser, app.clock.now());
    const page = new PasskeyPage(app, profile, origin, proxy, script);
    await page.serve(origin);
    return page;
  }

  /** Serves the page at an origin, also where links in messages lead; all other requests go to the service. */
  async serve(origin: string): Promise<void> {
    const body = '<!doctype html><div id="app"></div><script type="module" src="/app.js"></script>';
    await this.profile.route(
      (url) =>
        url.origin === origin && /^\/(|verify-email|reset-password|forgot-password)$/.test(url.pathname),
      (route) => route.fulfill({ contentType: 'text/html', body }),
    );
    await this.profile.route(`${origin}/app.js`, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: this.script }),
    );
  }

  async newTab(path = '/'): Promise<Page> {
    const tab = watchTab(await this.profile.newPage());
    await tab.goto(this.origin + path);
    return tab;
  }

  async close(): Promise<void> {
    await this.profile.close();
    await this.proxy.close();
    await this.app.close();
  }
}

/** A platform's authenticator, such as a phone's, in a tab. */
export class VirtualAuthenticator {
  private constructor(
    private readonly send: (method: 'present' | 'verified', value: boolean) => Promise<unknown>,
  ) {}

  static async add(tab: Page): Promise<VirtualAuthenticator> {
    const devTools = await tab.context().newCDPSession(tab);
    await devTools.send('WebAuthn.enable');
    const { authenticatorId } = await devTools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', automaticPresenceSimulation: false },
        ...{ hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
      },
    });
    return new VirtualAuthenticator((method, value) =>
      method === 'present'
        ? devTools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: value })
        : devTools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: value }),
    );
  }

  /** Whether its user touches it as soon as it asks. */
  setPresent(isPresent: boolean): Promise<unknown> {
    return this.send('present', isPresent);
  }

  /** Whether it recognizes its user. */
  setVerified(isVerified: boolean): Promise<unknown> {
    return this.send('verified', isVerified);
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { findBrowser } from './find-browser.ts';

/** No sandbox (the tests may be root), no GPU, and nothing that talks to the outside. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface PageOptions {
  widthPx?: number;
  heightPx?: number;
  /** BCP 47, as in `en-US` or `zh-CN`. */
  language?: string;
  theme?: 'dark' | 'light';
}

/** What a page complained about: console errors, uncaught exceptions, and answers of 400 and more. */
export interface Complaints {
  readonly lines: readonly string[];
}

export interface TestBrowser {
  readonly browser: Browser;
  /** A page in a context of its own (no cookies of another), with what it complained about. */
  newPage(options?: PageOptions): Promise<{ page: Page; context: BrowserContext; complaints: Complaints }>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts Chromium with an empty profile.
 *
 * @throws Error when there is none; `npm test` installs one
 */
export async function launchBrowser(): Promise<TestBrowser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('No Chromium was found. Run “npm test”, which installs one.');
  const profile = await mkdtemp(join(tmpdir(), 'imago-profile-'));
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: flags,
    // Debian's Chromium writes below its home whatever the profile says.
    env: { ...process.env, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
  });
  return {
    browser,
    async newPage({ widthPx = 1280, heightPx = 800, language = 'en-US', theme = 'dark' } = {}) {
      const context = await browser.newContext({
        viewport: { width: widthPx, height: heightPx },
        locale: language,
        colorScheme: theme,
        acceptDownloads: true,
      });
      const page = await context.newPage();
      return { page, context, complaints: collectComplaints(page) };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Collects what a page complains about from now on. */
export function collectComplaints(page: Page): Complaints {
  const lines: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') lines.push(message.text());
  });
  page.on('pageerror', (error) => lines.push(error.message));
  page.on('response', (response) => {
    if (response.status() >= 400) lines.push(`${response.status()} ${response.url()}`);
  });
  return { lines };
}

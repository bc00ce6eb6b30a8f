import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import { projectFolder } from '../../src-main/workspace/node-runtime.mjs';

/** Names under which systems install a Chromium that the tests can drive. */
const systemNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const systemPlaces = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/**
 * A Chromium for the end-to-end journeys: `IMAGO_TEST_BROWSER` if set, Playwright's own, or the system's.
 *
 * @returns an absolute path, or null
 * @throws Error when `IMAGO_TEST_BROWSER` names no program
 */
export function findBrowser(): string | null {
  const named = process.env['IMAGO_TEST_BROWSER'];
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new Error(`IMAGO_TEST_BROWSER is “${named}”, which is no program that can be run.`);
  }
  const playwrights = chromium.executablePath();
  if (playwrights && existsSync(playwrights)) return playwrights;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of systemNames) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return systemPlaces.find(isExecutable) ?? null;
}

const installMs = 5 * 60_000;

/**
 * Installs a browser: Debian's package when this is root on a Debian, else Playwright's own build.
 *
 * @param say told what is attempted
 * @returns its path, or null when neither could be had
 */
export function installBrowser(say: (line: string) => void): string | null {
  const attempt = (title: string, program: string, parameters: string[]): boolean => {
    say(`Installing a browser for the end-to-end tests: ${title}`);
    const done = spawnSync(program, parameters, {
      cwd: projectFolder,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: installMs,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (done.status === 0) return true;
    const why = done.error?.message ?? done.stderr.trim().split('\n').at(-1) ?? '';
    say(`  did not work: ${why}`);
    return false;
  };
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    const list = attempt('apt-get update', 'apt-get', ['update', '-q']);
    const packages = ['chromium', 'fonts-noto-cjk'];
    const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
    if (list && attempt(`apt-get install ${packages.join(' ')}`, 'apt-get', install)) return findBrowser();
  }
  const cli = join(projectFolder, 'node_modules', 'playwright-core', 'cli.js');
  const withDependencies = process.getuid?.() === 0 ? ['--with-deps'] : [];
  if (
    attempt('playwright install chromium', process.execPath, [
      cli,
      'install',
      ...withDependencies,
      'chromium',
    ])
  ) {
    return findBrowser();
  }
  return null;
}

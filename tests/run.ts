/**
 * Every test there is, in the order in which failures are cheapest to find: what is stale is built, then
 * format, lint and types, then units, engine, contracts and flows, then the journeys in a real browser.
 * With `--desktop`, the same journeys on the real desktop window instead.
 *
 * The last line is always `N passed, N failed, N skipped`; the exit code is 1 if anything failed.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { buildIfStale } from '../src-main/cli/build.ts';
import { projectFolder } from '../src-main/workspace/node-runtime.mjs';
import { desktopMissing } from './helpers/desktop.ts';
import { findBrowser, installBrowser } from './helpers/find-browser.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const add = (counts: Counts) => {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
};
const say = (line: string) => console.log(line);
const seconds = (sinceMs: number) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
const tool = (...path: string[]) => join(projectFolder, 'node_modules', ...path);

function runNode(
  command: readonly string[],
  options: { quiet: boolean; environment?: Readonly<Record<string, string>> },
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, {
      cwd: projectFolder,
      stdio: options.quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      env: { ...process.env, ...options.environment },
    });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** One check that passes or fails as a whole; says its output only when it fails. */
async function check(title: string, command: readonly string[]): Promise<void> {
  const startedAt = Date.now();
  const { code, output } = await runNode(command, { quiet: true });
  say(`${code === 0 ? '✓' : '✗'} ${title} (${seconds(startedAt)})`);
  if (code !== 0) say(output.trim());
  add({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 });
}

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/** A vitest run: its own output as it goes, its counts from its report. */
async function vitest(config: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'imago-report-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const command = [tool('vitest', 'vitest.mjs'), 'run', '--config', config, ...reporters];
  const { code } = await runNode(command, { quiet: false, environment });
  try {
    const found = reportSchema.parse(JSON.parse(await readFile(report, 'utf8')));
    // A file that does not load has no tests to fail.
    const unloaded = found.testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    ).length;
    const failed = found.numFailedTests + unloaded;
    add({
      passed: found.numPassedTests,
      // An error outside of every test fails the run all the same.
      failed: failed === 0 && code !== 0 ? 1 : failed,
      skipped: found.numPendingTests + found.numTodoTests,
    });
  } catch (error) {
    say(`✗ vitest left no report: ${error instanceof Error ? error.message : error}`);
    add({ passed: 0, failed: 1, skipped: 0 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function skipJourneys(why: string): Promise<void> {
  const files = await readdir(join(projectFolder, 'tests', 'e2e'));
  const journeys = files.filter((file) => file.endsWith('.test.ts')).length;
  const line = `SKIPPED: the end-to-end journeys (${journeys} files), because ${why}.`;
  const rule = '!'.repeat(line.length);
  say(`\n${rule}\n${line}\n${rule}\n`);
  add({ passed: 0, failed: 0, skipped: Math.max(journeys, 1) });
}

const journeyConfig = join('tests', 'e2e', 'vitest.config.ts');

async function journeysInBrowser(): Promise<void> {
  const browser = findBrowser() ?? installBrowser(say);
  if (!browser) {
    return skipJourneys('there is no Chromium here and none could be installed (set IMAGO_TEST_BROWSER)');
  }
  say(`\nEnd-to-end journeys in ${browser}`);
  return vitest(journeyConfig, { IMAGO_TEST_BROWSER: browser });
}

async function journeysOnDesktop(): Promise<void> {
  const missing = desktopMissing();
  if (missing) return skipJourneys(`${missing} (the desktop window was asked for)`);
  say('\nEnd-to-end journeys on the desktop window');
  return vitest(journeyConfig, { IMAGO_TEST_FACE: 'desktop' });
}

async function build(): Promise<boolean> {
  try {
    await buildIfStale(['kernels', 'renderer', 'desktop']);
    add({ passed: 1, failed: 0, skipped: 0 });
    return true;
  } catch (error) {
    say(`✗ build\n${error instanceof Error ? error.message : error}`);
    add({ passed: 0, failed: 1, skipped: 0 });
    return false;
  }
}

const startedAt = Date.now();
const desktopOnly = process.argv.includes('--desktop');
const built = await build();
if (!desktopOnly) {
  const types = tool('typescript', 'bin', 'tsc');
  const pageTypes = tool('vue-tsc', 'bin', 'vue-tsc.js');
  await Promise.all([
    check('format', [tool('prettier', 'bin', 'prettier.cjs'), '--check', '.']),
    check('types', [types, '--noEmit', '-p', 'tsconfig.json']),
  ]);
  await Promise.all([
    check('lint', [tool('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0']),
    check('types of the page', [pageTypes, '--noEmit', '-p', join('src-renderer', 'tsconfig.json')]),
  ]);
  await vitest('vitest.config.ts');
}
if (!built) await skipJourneys('the page could not be built');
else if (desktopOnly) await journeysOnDesktop();
else await journeysInBrowser();

say(`\nAll of it took ${seconds(startedAt)}.`);
say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

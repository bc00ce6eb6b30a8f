#!/usr/bin/env node
/**
 * The way in, for any Node from 20.19 on: finds the Node that the project brings and runs the command on it.
 * Plain JavaScript, because the Node that starts this may not read TypeScript.
 */
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findNodeRuntime, projectFolder } from '../workspace/node-runtime.mjs';

const [command, ...rest] = process.argv.slice(2);
const entries = { start: 'start.ts', build: 'build.ts' };
const ownEntry = Object.hasOwn(entries, command ?? '');
const entry = join(projectFolder, 'src-main', 'cli', ownEntry ? entries[command] : 'main.ts');
const commandArguments = ownEntry ? rest : process.argv.slice(2);

function stop(message) {
  console.error(message);
  process.exit(1);
}

function hasDependencies() {
  try {
    createRequire(join(projectFolder, 'package.json')).resolve('zod');
    return true;
  } catch {
    return false;
  }
}

if (!existsSync(join(projectFolder, 'node_modules')) || !hasDependencies()) {
  stop(
    `The packages of Imago Studio are not installed yet. Run “npm ci” in ${projectFolder}, then try again.`,
  );
}
let node;
try {
  node = findNodeRuntime();
} catch (error) {
  stop(error.message);
}

if (realpathSync(process.execPath) === node) {
  process.argv = [process.argv[0], entry, ...commandArguments];
  await import(pathToFileURL(entry).href);
} else {
  const child = spawn(node, [entry, ...commandArguments], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to the child as well; a second one would read as impatience.
  const inTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.once('SIGINT', () => {
    if (!inTerminal) child.kill('SIGINT');
    process.on('SIGINT', () => {});
  });
  process.once('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => stop(`Node could not be started from ${node}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
}

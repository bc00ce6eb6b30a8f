import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectFolder } from '../../src-main/workspace/node-runtime.mjs';

export interface CommandResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  /** The last line of stdout, parsed; null where it is no JSON. */
  json: Record<string, unknown> | null;
}

/** A real process of the command line. */
export function startCommand(...words: string[]) {
  const child = spawn(process.execPath, [join(projectFolder, 'src-main', 'cli', 'launch.mjs'), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<CommandResult>((resolve) =>
    child.once('close', (exitCode) => {
      let json: CommandResult['json'] = null;
      try {
        json = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
      } catch {
        // The command had no result, or was not asked for JSON.
      }
      resolve({ exitCode, stdout, stderr, json });
    }),
  );
  return { child, ended, printed: () => stderr };
}

/** Runs a command of the studio to its end, as a user would type it after `imago`. */
export const imago = (...words: string[]): Promise<CommandResult> => startCommand(...words).ended;

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findNodeRuntime, projectFolder } from '../../src-main/workspace/node-runtime.mjs';

export interface StudioProcess {
  readonly pid: number;
  /** The newest one-time address that was printed. */
  address(): string;
  /** Everything it has printed so far. */
  output(): string;
  /** Ends it as Ctrl-C does and resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Ends it as a crash or a power cut does. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const readyMs = 60_000;
/** A run that is saving gets this long before the process is ended by force. */
const stopMs = 60_000;

/** The two commands that serve a browser. */
export type ServingCommand = 'serve' | 'start';

/**
 * Starts the real `serve`, or `start --browser`, on a workspace and resolves when it has printed its address.
 *
 * @throws Error with its output when it ends or stays silent
 */
export async function startStudioProcess(
  workspace: string,
  command: ServingCommand = 'serve',
): Promise<StudioProcess> {
  const launcher = join(projectFolder, 'src-main', 'cli', 'launch.mjs');
  const parameters = [command, ...(command === 'start' ? ['--browser'] : []), '--no-open', '--workspace'];
  const child = spawn(findNodeRuntime(), [launcher, ...parameters, workspace], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const addresses = () => output.match(/http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+(?=\s)/g) ?? [];
  const ready = new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`The studio ${why}.\n${output}`));
    const silence = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`printed no address within ${readyMs / 1000} s`);
    }, readyMs);
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      if (addresses().length === 0) return;
      clearTimeout(silence);
      resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    void ended.then((code) => {
      clearTimeout(silence);
      fail(`ended with code ${code}`);
    });
  });
  await ready;

  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return ended;
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), stopMs);
    const code = await ended;
    clearTimeout(patience);
    return code;
  };
  return {
    pid: child.pid ?? 0,
    address: () => addresses().at(-1) ?? '',
    output: () => output,
    stop: () => end('SIGINT'),
    kill: async () => void (await end('SIGKILL')),
    [Symbol.asyncDispose]: async () => void (await end('SIGINT')),
  };
}

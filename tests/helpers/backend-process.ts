import { spawn } from 'node:child_process';
import type { BackendId } from '../../src-main/contract/domain/backends.ts';
import { softwareGraphics } from './software-graphics.ts';

/**
 * Runs a script with a backend's name, in a process of its own, and returns the last line it printed, parsed. For
 * `webgpu` the process gets the graphics device made of the processor, where there is one.
 *
 * A driver that fails while the process ends, after its result, is told aloud and forgiven.
 *
 * @throws Error naming the exit, where nothing was printed
 */
export async function runOnBackend<Result>(
  script: string,
  backend: BackendId,
  limitMs: number,
): Promise<Result> {
  const child = spawn(process.execPath, [script, backend], {
    env: { ...process.env, ...(backend === 'webgpu' ? softwareGraphics() : null) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
  });
  let [printed, complaints] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  const line = printed.trim().split('\n').at(-1) ?? '';
  const end = `The process on ${backend} ended ${signal ? `by ${signal}` : `with code ${code}`}`;
  if (line === '') throw new Error(`${end} before it had a result.\n${complaints}`);
  if (code !== 0) console.warn(`${end}, after its result.\n${complaints}`);
  return JSON.parse(line) as Result;
}

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  installedRuntime,
  missingForWindow,
  obtainRuntime,
  reconsiderLater,
} from '../../src-main/cli/desktop-runtime.ts';
import { projectFolder } from '../../src-main/workspace/node-runtime.mjs';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const launcher = join(projectFolder, 'src-main', 'cli', 'launch.mjs');

/** Runs the launcher as a user would, from a folder of their own. */
function launch(
  parameters: string[],
  cwd = temporaryFolder(),
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...parameters], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** Plays the host that the window's runtime is fetched from. */
async function runtimeHost(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    vi.unstubAllEnvs();
  });
  const folder = temporaryFolder();
  vi.stubEnv('npm_config_electron_mirror', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  vi.stubEnv('electron_config_cache', join(folder, 'cache'));
  return { asked, memoryFile: join(folder, 'desktop-runtime.json') };
}

const ignore = () => {};

describe('which face opens', () => {
  test('a window needs a display, and a user whom the sandbox works for', () => {
    expect(missingForWindow({}, 'linux', 1000)).toBe('there is no display');
    expect(missingForWindow({ DISPLAY: ':0' }, 'linux', 0)).toContain('as root');
    expect(missingForWindow({ DISPLAY: ':0' }, 'linux', 1000)).toBeNull();
    expect(missingForWindow({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux', 1000)).toBeNull();
    expect(missingForWindow({}, 'darwin', 501)).toBeNull();
    expect(missingForWindow({}, 'win32', undefined)).toBeNull();
  });

  describe.skipIf(installedRuntime() !== null)('where the window’s runtime is not installed', () => {
    test('a host that does not answer is named, and not asked again at the next start', async () => {
      const { asked, memoryFile } = await runtimeHost(ignore);
      const first = await obtainRuntime(ignore, ignore, memoryFile);
      expect(first).toEqual({ missing: expect.stringContaining('127.0.0.1') });
      expect(asked).toEqual(['HEAD']);
      expect(await obtainRuntime(ignore, ignore, memoryFile)).toEqual(first);
      expect(asked).toEqual(['HEAD']);
    });

    test('a network that has come back is noticed by the start after next', async () => {
      let up = false;
      const { memoryFile } = await runtimeHost((_request, response) => {
        if (up) response.writeHead(200, { 'content-length': 1000 }).end();
        else response.writeHead(503).end();
      });
      await obtainRuntime(ignore, ignore, memoryFile);
      await reconsiderLater(memoryFile);
      expect(existsSync(memoryFile)).toBe(true);
      up = true;
      await reconsiderLater(memoryFile);
      expect(existsSync(memoryFile)).toBe(false);
    });

    test('an archive that is not what Electron published is refused', async () => {
      const { asked, memoryFile } = await runtimeHost((request, response) => {
        response.writeHead(200, { 'content-length': 1000 });
        response.end(request.method === 'HEAD' ? undefined : Buffer.alloc(1000));
      });
      const said: string[] = [];
      const children: number[] = [];
      const answer = await obtainRuntime(
        (line) => said.push(line),
        (child) => children.push(child.pid ?? 0),
        memoryFile,
      );
      expect(answer).toEqual({ missing: expect.stringContaining('could not be fetched') });
      expect(asked).toContain('GET');
      expect(said[0]).toContain('Fetching');
      expect(children).toHaveLength(1);
      expect(installedRuntime()).toBeNull();
    });
  });
});

describe('the launcher', () => {
  test('explains start, and refuses what it does not know with exit code 2', async () => {
    const help = await launch(['start', '--help']);
    expect(help.code).toBe(0);
    expect(help.output).toContain('--browser');
    for (const wrong of [
      ['start', '--brwoser'],
      ['start', '--port', 'x'],
      ['start', '--port', '70000'],
    ]) {
      const { code, output } = await launch(wrong);
      expect(code, wrong.join(' ')).toBe(2);
      expect(output).toContain('--workspace DIR');
    }
  });

  test('passes the command’s exit code on', async () => {
    expect((await launch(['--help'])).code).toBe(0);
    expect((await launch(['no-such-command'])).code).toBe(2);
  });
});

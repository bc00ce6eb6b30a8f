import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { noGraphics, softwareGraphics } from '../helpers/software-graphics.ts';

const script = fileURLToPath(new URL('../helpers/graphics-trouble.ts', import.meta.url));
const graphics = softwareGraphics();

async function tryOut(variables: Record<string, string | undefined>, ...words: string[]): Promise<unknown> {
  const env = { ...process.env, ...variables };
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...words], {
    env,
    timeout: 60_000,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

describe.skipIf(graphics === null)('a graphics device (SwiftShader, from Debian’s chromium)', () => {
  it('is named, measured, and read in the middle of a turn', async () => {
    expect(await tryOut(graphics!, 'none')).toMatchObject({
      first: 1,
      last: 2000,
      later: 1999 ** 2,
      immediate: 'came',
      device: expect.stringMatching(/SwiftShader.*Vulkan/),
      accelerator: { vendor: 'google', software: true, adapters: [expect.stringContaining('SwiftShader')] },
      largestTensorBytes: expect.any(Number),
    });
  });

  it('is chosen by a part of its name; another name is answered with those there are', async () => {
    expect(await tryOut(graphics!, 'none', 'SwiftShader')).toMatchObject({ first: 1 });
    expect(await tryOut(graphics!, 'none', 'GeForce')).toMatchObject({
      failure: {
        code: 'backend-unavailable',
        message: expect.stringMatching(/GeForce.*SwiftShader/),
        details: { reason: 'adapter-unknown' },
      },
    });
  });

  it('that is taken away says so at the next read', async () => {
    expect(await tryOut(graphics!, 'lost')).toMatchObject({
      failure: {
        code: 'backend-lost',
        message: expect.stringMatching(/^Interrupted: GPU lost\. SwiftShader/),
      },
    });
  });

  it('that refuses a command says so at the next read, instead of giving zeros', async () => {
    expect(await tryOut(graphics!, 'buffer-too-large')).toMatchObject({
      failure: {
        code: 'unexpected',
        message: expect.stringMatching(/SwiftShader.* refused a command: .*size/),
      },
    });
  });
});

describe('without a graphics device', () => {
  it('the refusal names what is missing and what to install', async () => {
    const outcome = await tryOut(noGraphics, 'none');
    expect(outcome).toMatchObject({
      failure: {
        code: 'backend-unavailable',
        message: expect.stringMatching(/Install|Update/),
        details: { backend: 'webgpu', reason: expect.stringMatching(/^(vulkan|nvidia|no-adapter)/) },
      },
    });
  });

  it.skipIf(graphics === null)('a loader without drivers is told from a missing loader', async () => {
    const { LD_LIBRARY_PATH } = graphics!;
    expect(await tryOut({ ...noGraphics, LD_LIBRARY_PATH }, 'none')).toMatchObject({
      failure: { details: { reason: 'vulkan-driver-refused', known: 'driver.json' } },
    });
  });
});

if (graphics === null)
  console.warn('The tests on a graphics device are skipped: SwiftShader is not installed.');

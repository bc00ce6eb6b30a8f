import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Failure } from '../../src-main/contract/errors.ts';
import type { OverflowMet, ProductsTried, StepsTrained } from '../helpers/mixed-precision.ts';
import { halfPrecisionGraphics, howToHalfPrecision, softwareGraphics } from '../helpers/software-graphics.ts';

const script = fileURLToPath(new URL('../helpers/mixed-precision.ts', import.meta.url));

async function tryOut<Result>(
  graphics: Record<string, string>,
  ...words: string[]
): Promise<Result | { failure: Failure }> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...words], {
    env: { ...process.env, ...graphics },
    timeout: 300_000,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result | { failure: Failure };
}

const graphics = halfPrecisionGraphics();
if (graphics === null) console.warn(howToHalfPrecision);

describe.skipIf(graphics === null)('on a graphics device with 16-bit arithmetic (lavapipe)', () => {
  let products: ProductsTried | null = null;

  beforeAll(async () => {
    const found = await tryOut<ProductsTried>(graphics!, 'products');
    if ('failure' in found) console.warn(`${howToHalfPrecision} (${found.failure.message})`);
    else products = found;
  }, 310_000);

  it('products of every kind are right as far as 16-bit operands go, and no better', (context) => {
    if (!products) return context.skip(howToHalfPrecision);
    for (const { name, worst } of products.products) {
      // Two operands, each off by at most 2^-11 when rounded to the nearest, or 2^-10 when cut off.
      expect(worst, name).toBeLessThan(2 ** -9);
      expect(worst, `${name}, if its operands had 32 bits`).toBeGreaterThan(2 ** -18);
    }
  });

  it('a product stays at 32 bits where that is asked for', (context) => {
    if (!products) return context.skip(howToHalfPrecision);
    expect(products.inFull.worst).toBeLessThan(1e-6);
  });

  it('an operand beyond 16 bits makes its results infinite', (context) => {
    if (!products) return context.skip(howToHalfPrecision);
    expect(products.overflowed).toEqual(['Infinity']);
  });

  it('two families train through nearly the numbers of full precision', async (context) => {
    if (!products) return context.skip(howToHalfPrecision);
    const full = await tryOut<StepsTrained>(graphics!, 'train', 'full');
    const mixed = await tryOut<StepsTrained>(graphics!, 'train', 'mixed');
    if ('failure' in full || 'failure' in mixed) throw new Error(JSON.stringify([full, mixed]));
    for (const [preset, steps] of Object.entries(full)) {
      for (const [step, values] of steps.entries()) {
        const told = mixed[preset]![step]!;
        expect(told).toMatchObject({ lossScale: 32768, updatesLeftOut: 0 });
        for (const [name, value] of Object.entries(values)) {
          expect(Math.abs(told[name]! / value - 1), `${name} of step ${step} of ${preset}`).toBeLessThan(
            0.005,
          );
        }
      }
      expect(mixed[preset]!.map((told) => ({ ...told, lossScale: 0, updatesLeftOut: 0 }))).not.toEqual(
        steps.map((values) => ({ ...values, lossScale: 0, updatesLeftOut: 0 })),
      );
    }
  }, 610_000);

  it('steps whose gradients overflow move nothing, until the loss scale has fallen far enough', async (context) => {
    if (!products) return context.skip(howToHalfPrecision);
    const met = await tryOut<OverflowMet>(graphics!, 'overflow');
    if ('failure' in met) throw new Error(met.failure.message);
    const { steps } = met;
    expect(steps.every(({ isFinite }) => isFinite)).toBe(true);
    expect(steps[0]).toMatchObject({ isSame: true, told: { updatesLeftOut: 2, lossScale: 2 ** 22 } });
    expect(steps.at(-1)).toMatchObject({ isSame: false, told: { updatesLeftOut: 0 } });
    expect(steps.at(-1)!.told.discriminatorGradientNorm).toBeGreaterThan(0);
  }, 310_000);
});

describe('where there is no 16-bit arithmetic', () => {
  const swiftshader = softwareGraphics();

  it.skipIf(swiftshader === null)('mixed precision is refused, with what to do', async () => {
    expect(await tryOut(swiftshader!, 'train', 'mixed')).toMatchObject({
      failure: {
        code: 'precision-unavailable',
        message: expect.stringMatching(/SwiftShader.*precision=full/),
        details: { device: expect.stringContaining('SwiftShader') },
      },
    });
  });
});

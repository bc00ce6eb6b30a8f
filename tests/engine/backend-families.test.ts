import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendIds, type BackendId } from '../../src-main/contract/domain/backends.ts';
import { familyIds } from '../../src-main/contract/presets.ts';
import { runOnBackend } from '../helpers/backend-process.ts';
import type { FamilyTrained, TrainerResult } from '../helpers/family-trainer.ts';

const trainer = fileURLToPath(new URL('../helpers/family-trainer.ts', import.meta.url));

const trainFamilies = (backend: BackendId) => runOnBackend<TrainerResult>(trainer, backend, 600_000);

/** What a machine may lack; the others must work everywhere. */
const optional: readonly BackendId[] = ['tensorflow', 'webgpu'];
const differences = (a: readonly number[], b: readonly number[]) =>
  a.map((value, at) => Math.abs(value - b[at]!));

let reference: readonly FamilyTrained[] = [];

describe.each([...backendIds].reverse())('on %s', (backend) => {
  let trained: readonly FamilyTrained[] | null = null;

  beforeAll(async () => {
    const result = await trainFamilies(backend);
    if ('failure' in result) {
      if (!optional.includes(backend)) throw new Error(result.failure.message);
      expect(result.failure).toMatchObject({ code: 'backend-unavailable', details: { backend } });
      console.warn(`Skipped on ${backend}: ${result.failure.message}`);
      return;
    }
    trained = result.families;
    // The plain JavaScript one goes first: the others are held to it.
    if (backend === 'cpu') reference = trained;
  }, 660_000);

  describe.each(familyIds)('the family %s', (id) => {
    const ofFamily = (families: readonly FamilyTrained[]) => families.find(({ family }) => family === id)!;

    it('trains through the same numbers as everywhere', (context) => {
      if (!trained) return context.skip('its training failed or was skipped above');
      const { steps } = ofFamily(trained);
      const known = ofFamily(reference).steps;
      for (const [step, values] of steps.entries()) {
        for (const [name, value] of Object.entries(values)) {
          // Rounding differs; a wrong gradient is off by far more.
          expect(value, `${name} of step ${step}`).toBeCloseTo(known[step]![name]!, 3);
        }
      }
    });

    it('keeps no tensor from step to step', (context) => {
      if (!trained) return context.skip('its training failed or was skipped above');
      expect(ofFamily(trained).leaked).toBe(0);
    });

    it('draws the pictures that it draws everywhere, alone or with others', (context) => {
      if (!trained) return context.skip('its training failed or was skipped above');
      const { pixels, pixelsAlone } = ofFamily(trained);
      expect(new Set(pixels).size).toBeGreaterThan(10);
      expect(Math.max(...differences(pixels, ofFamily(reference).pixels))).toBeLessThanOrEqual(1);
      expect(Math.max(...differences(pixelsAlone, pixels))).toBeLessThanOrEqual(1);
    });

    it('goes on from its saved state', (context) => {
      if (!trained) return context.skip('its training failed or was skipped above');
      const { pixels, pixelsAfterLoad } = ofFamily(trained);
      expect(pixelsAfterLoad).toEqual(pixels);
    });
  });
});

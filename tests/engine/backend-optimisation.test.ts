import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendIds, type BackendId } from '../../src-main/contract/domain/backends.ts';
import { runOnBackend } from '../helpers/backend-process.ts';
import { settingCases, type SettingsTrained } from '../helpers/settings-trainer.ts';

const trainer = fileURLToPath(new URL('../helpers/settings-trainer.ts', import.meta.url));

const train = (backend: BackendId) => runOnBackend<SettingsTrained>(trainer, backend, 240_000);

/** What a machine may lack; the others must work everywhere. */
const optional: readonly BackendId[] = ['tensorflow', 'webgpu'];
let reference: Exclude<SettingsTrained, { failure: unknown }>['cases'] = [];

describe.each([...backendIds].reverse())('on %s', (backend) => {
  let trained: typeof reference | null = null;

  beforeAll(async () => {
    const result = await train(backend);
    if ('failure' in result) {
      if (!optional.includes(backend)) throw new Error(result.failure.message);
      expect(result.failure).toMatchObject({ code: 'backend-unavailable', details: { backend } });
      console.warn(`Skipped on ${backend}: ${result.failure.message}`);
      return;
    }
    trained = result.cases;
    // The plain JavaScript one goes first: the others are held to it.
    if (backend === 'cpu') reference = trained;
  }, 300_000);

  it.for(settingCases)('$name trains through the same numbers as everywhere', ({ name }, context) => {
    if (!trained) return context.skip('its training failed or was skipped above');
    const told = trained.find((found) => found.name === name)!.steps;
    const known = reference.find((found) => found.name === name)!.steps;
    for (const [step, values] of told.entries()) {
      for (const [key, value] of Object.entries(values)) {
        // Rounding differs; a wrong gradient is off by far more.
        const allowed = 1e-3 * Math.max(1, Math.abs(known[step]![key]!));
        expect(Math.abs(value - known[step]![key]!), `${key} of step ${step}`).toBeLessThan(allowed);
      }
    }
  });
});

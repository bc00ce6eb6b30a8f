import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RepairOrder } from '../../src-main/contract/domain/repairs.ts';
import { readProvenance } from '../../src-main/imaging/pure/provenance.ts';
import { imago } from '../helpers/command-line.ts';
import { sampleDataset, smallRun, studioForTest } from '../helpers/open-studio.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { diffusion, pictureFile } from '../helpers/repairing.ts';

describe('before anything starts', () => {
  it('what cannot be repaired is refused by name', async () => {
    const studio = await studioForTest();
    const dataset = await sampleDataset(studio);
    const run = await diffusion(studio, dataset);
    const { id: plainId } = await smallRun(studio, dataset, { steps: 3 });
    await studio.runs.whenEnded(plainId);
    const folder = temporaryFolder();
    const text = join(folder, 'notes.png');
    writeFileSync(text, 'no picture');
    mkdirSync(join(folder, 'many'));
    const good: RepairOrder = {
      ...{ runId: run.id, from: { kind: 'path', path: await pictureFile() } },
      ...{ mask: { kind: 'lower', percent: 40 }, count: 1, seed: 1 },
    };
    const box = (left: number, widthPx: number) =>
      ({ kind: 'box', left, top: 0, widthPx, heightPx: 28 }) as const;
    const refused: [Partial<RepairOrder>, string, string?][] = [
      [{ runId: plainId }, 'repair-unsupported'],
      [{ runId: 'run-0' }, 'not-found'],
      [{ from: { kind: 'path', path: text } }, 'file-unreadable'],
      [{ from: { kind: 'path', path: join(folder, 'none.png') } }, 'path-missing'],
      [{ from: { kind: 'path', path: join(folder, 'many') } }, 'input-invalid'],
      [{ from: { kind: 'picture', pictureId: 'picture-0' } }, 'not-found'],
      [{ derive: true }, 'input-invalid'],
      [{ mask: { kind: 'none' } }, 'mask-unusable', 'missing'],
      [{ mask: { kind: 'lower', percent: 1 } }, 'mask-unusable', 'nothing'],
      [{ mask: { kind: 'lower', percent: 100 } }, 'mask-unusable', 'everything'],
      [{ mask: box(0, 28) }, 'mask-unusable', 'everything'],
      [{ mask: box(20, 9) }, 'mask-unusable', 'outside'],
      [{ mask: { kind: 'transparency' } }, 'mask-unusable', 'not-transparent'],
      [{ mask: { kind: 'painted', base64: 'AAAA' } }, 'file-unreadable'],
      [{ checkpointStep: 2 }, 'checkpoint-missing'],
      [{ classIndex: 0 }, 'class-unknown'],
      [{ sampling: { resamplings: 21 } }, 'setting-out-of-range'],
      [{ sampling: { temperature: 1 } }, 'setting-unknown'],
    ];
    for (const [change, code, reason] of refused) {
      await expect(studio.repairs.start({ ...good, ...change })).rejects.toMatchObject({
        code,
        ...(reason === undefined ? {} : { details: { reason } }),
      });
    }
    expect(studio.jobs.list().filter(({ kind }) => kind === 'repair')).toEqual([]);
    expect(readdirSync(studio.info().workspace)).not.toContain('inputs');
  }, 240_000);
});

describe('the command', () => {
  it('repairs a file, writes the variants, and says what is wrong before it starts', async () => {
    const studio = await studioForTest();
    const run = await diffusion(studio, await sampleDataset(studio));
    const { workspace } = studio.info();
    await studio.close();
    const picture = await pictureFile();
    const to = join(temporaryFolder(), 'out');
    const command = (...words: string[]) =>
      imago('repair', '--workspace', workspace, '--run', run.name, '--picture', picture, '--json', ...words);
    const quickly = ['--set', 'samplingSteps=10', '--set', 'resamplings=1'];
    const words = ['--lower', '40%', '--count', '2', '--seed', '5', '--to', to, ...quickly];
    const done = await command(...words);
    expect(done.exitCode).toBe(0);
    expect(done.stderr).toContain('Its licence is not known');
    expect(done.json).toMatchObject({
      images: { length: 2 },
      input: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(readdirSync(to).sort()).toEqual(['seed-5.png', 'seed-6.png']);
    expect(readProvenance(readFileSync(join(to, 'seed-6.png')))).toMatchObject({
      seed: 6,
      repair: { inputSha256: done.json!.input, maskSha256: done.json!.mask },
    });
    const twice = await command(...words);
    expect([twice.exitCode, twice.json?.error]).toMatchObject([1, { code: 'export-target-not-empty' }]);
    const without = await command();
    expect([without.exitCode, without.json?.error]).toMatchObject([2, { code: 'mask-unusable' }]);
    const both = await command('--lower', '40', '--box', '1,1,2,2');
    expect(both.stderr).toContain('--lower and --box');
    expect((await command('--box', '1,1,0,2')).exitCode).toBe(2);
  }, 240_000);
});

import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { healthTable } from '../bench/engine-health.ts';
import { benchNets } from '../bench/nets.ts';
import { benchSteps, spreadOf, stepsTable } from '../bench/steps.ts';

beforeAll(async () => {
  await buildKernels();
});

describe('the bench', () => {
  it('times the steps of a net through the training loop, without PyTorch', async () => {
    const told: string[] = [];
    const options = { only: ['mlp-gan-28'], rounds: 3, threads: 2, peer: null, roundMs: 20 };
    const [result, ...rest] = await benchSteps(options, (line) => told.push(line));
    expect(rest).toEqual([]);
    expect(told).toHaveLength(3);
    expect(result!.device).toContain('2 threads');
    expect(result!.stepMs.min).toBeGreaterThan(0);
    expect(result!.stepMs.median).toBeGreaterThanOrEqual(result!.stepMs.min);
    expect(result!.rssBytes).toBeGreaterThan(1e7);
    expect(result!.ratio).toBeNull();
    expect(stepsTable([result!])).toContain('not compared');
  });

  it('has a script for every net that is compared', () => {
    const scripts = readdirSync(new URL('../bench/peers/', import.meta.url));
    for (const { peer } of benchNets) expect(scripts).toContain(peer[0]);
    const kept = readFileSync(new URL('../bench/RESULTS.md', import.meta.url), 'utf8');
    for (const { title } of benchNets) expect(kept).toContain(title);
  });

  it('marks what misses its target, and only that', () => {
    const marked = (text: string) => `!${text}!`;
    const spread = spreadOf([3, 1, 2, 10]);
    expect(spread).toEqual({ median: 2.5, min: 1, max: 10 });
    const rows = [0.4, 0.8, 1.2].map((ratio) => ({
      ...{ id: 'x', title: 'x', device: 'x', stepMs: spread, peerMs: spread, processorRatio: spread },
      ...{ ratio: spreadOf([ratio]), target: 0.9, stretch: 0.5, rounds: 1, load: 1, rssBytes: 1 },
    }));
    const lines = stepsTable(rows, marked).split('\n').slice(2);
    expect(lines.map((line) => line.includes('!missed!'))).toEqual([false, false, true]);
    expect(lines[0]).toContain('stretch reached');
    const figures = [
      { title: 'a', value: 1, unit: 's', target: 2 },
      { title: 'b', value: 3, unit: 's', target: 2 },
    ];
    const health = healthTable(figures, marked).split('\n').slice(2);
    expect(health.map((line) => line.includes('!missed!'))).toEqual([false, true]);
  });
});

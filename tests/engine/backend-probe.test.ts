import { registerKernel, unregisterKernel, getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { ProbeJob } from '../../src-main/contract/engine-messages.ts';
import type { EngineReport } from '../../src-main/contract/engine-reports.ts';
import { engineProtocol } from '../../src-main/contract/engine-messages.ts';
import type { BackendHandle } from '../../src-main/engine/backends/backend.ts';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { knownLosses, probe, trainTinyNetwork } from '../../src-main/engine/probe.ts';

let backend: BackendHandle;
beforeAll(async () => {
  backend = await openBackend('cpu');
});

const job = (steps: number): ProbeJob => ({
  job: 'probe',
  protocol: engineProtocol,
  backend: { id: 'cpu', threads: 1 },
  steps,
});

async function probed(steps: number): Promise<EngineReport[]> {
  const reports: EngineReport[] = [];
  await probe(job(steps), backend, (report) => {
    reports.push(report);
    return Promise.resolve();
  });
  return reports;
}

it('the known losses are those of the plain JavaScript backend, and fall', () => {
  const { losses } = trainTinyNetwork(20);
  for (const [step, known] of knownLosses) expect(losses[step - 1]).toBeCloseTo(known, 5);
  expect(losses[19]).toBeLessThan(losses[0]! / 10);
});

it('names the device and what a step takes', async () => {
  const [found, finished] = await probed(20);
  expect(found).toMatchObject({ report: 'probe', device: { software: false }, remark: null });
  expect(found).toHaveProperty('stepMs', expect.any(Number));
  expect(finished).toMatchObject({ report: 'finished', outcome: 'completed', step: 20 });
});

it('only looks where no step is asked for', async () => {
  expect((await probed(0))[0]).toMatchObject({ report: 'probe', stepMs: null });
});

it('refuses a backend that computes something else, with both numbers', async () => {
  const right = getKernel('Tanh', 'cpu')!;
  const replaceTanh = (kernelFunc: typeof right.kernelFunc) => {
    unregisterKernel('Tanh', 'cpu');
    registerKernel({ kernelName: 'Tanh', backendName: 'cpu', kernelFunc });
  };
  onTestFinished(() => replaceTanh(right.kernelFunc));
  const sigmoid = getKernel('Sigmoid', 'cpu')!;
  replaceTanh((parameters) => sigmoid.kernelFunc(parameters) as TensorInfo);
  await expect(probed(20)).rejects.toMatchObject({
    code: 'backend-unavailable',
    message: expect.stringMatching(/computes wrongly: the loss after step 1 .* should be 1\.34/),
    details: { reason: 'wrong-losses', known: knownLosses[0]![1] },
  });
});

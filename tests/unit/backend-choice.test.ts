import { describe, expect, it } from 'vitest';
import type { BackendId, BackendProbe } from '../../src-main/contract/domain/backends.ts';
import { chooseAmong } from '../../src-main/studio/backend-choice.ts';

const working = (id: BackendId, software = false): BackendProbe => ({
  id,
  at: 1,
  device: { name: `a ${id} device`, vendor: '', memoryBytes: null, software, adapters: [] },
  stepMs: 1,
  refusal: null,
  remark: null,
});
const refused = (id: BackendId): BackendProbe => ({
  ...working(id),
  device: null,
  stepMs: null,
  refusal: { code: 'backend-unavailable', message: `No driver for ${id}.`, details: {} },
});
const machine = (...probes: BackendProbe[]) => new Map(probes.map((probe) => [probe.id, probe]));

describe('what is trained on', () => {
  it('is CUDA before WebGPU, WebGPU before the processor', () => {
    const cuda = working('tensorflow');
    const graphics = working('webgpu');
    expect(chooseAmong(machine(cuda, graphics), null)).toEqual({ id: 'tensorflow', notice: null });
    expect(chooseAmong(machine(graphics), null)).toEqual({ id: 'webgpu', notice: null });
    expect(chooseAmong(machine(refused('tensorflow'), graphics), null).id).toBe('webgpu');
    expect(chooseAmong(machine(refused('webgpu'), refused('wasm')), null).id).toBe('cpu');
  });

  it('is the processor where nothing is known yet', () => {
    expect(chooseAmong(new Map(), null)).toEqual({ id: 'wasm', notice: null });
  });

  it('is never an imitated graphics device, unless that is pinned', () => {
    const imitated = machine(working('webgpu', true));
    expect(chooseAmong(imitated, null).id).toBe('wasm');
    expect(chooseAmong(imitated, 'webgpu')).toEqual({ id: 'webgpu', notice: null });
  });

  it('is the pinned one even where a better one is there', () => {
    expect(chooseAmong(machine(working('webgpu')), 'cpu')).toEqual({ id: 'cpu', notice: null });
  });

  it('is the next one, said in words, where the pinned one is refused or has just failed', () => {
    const gone = chooseAmong(machine(refused('webgpu')), 'webgpu');
    expect(gone.id).toBe('wasm');
    expect(gone.notice).toMatchObject({
      message: expect.stringMatching(/“webgpu” is not there: No driver for webgpu\. “wasm” is used/),
      details: { backend: 'webgpu', used: 'wasm', reason: 'pinned-gone' },
    });
    const failed = chooseAmong(machine(working('webgpu')), 'webgpu', new Set(['webgpu']));
    expect(failed).toMatchObject({ id: 'wasm', notice: { details: { used: 'wasm' } } });
  });

  it('is refused when nothing is left', () => {
    const all = new Set<BackendId>(['tensorflow', 'webgpu', 'wasm', 'cpu']);
    expect(() => chooseAmong(new Map(), null, all)).toThrow(/No backend works on this machine/);
  });
});

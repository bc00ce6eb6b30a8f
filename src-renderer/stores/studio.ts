import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Machine, StudioInfo } from '../../src-main/contract/domain/studio.ts';
import { client } from '../client/studio-client.ts';

const machineEveryMs = 5000;

/** The studio and the machine it runs on; the machine is asked again while the window is seen. */
export const useStudio = defineStore('studio', () => {
  const info = ref<StudioInfo | null>(null);
  const machine = ref<Machine | null>(null);
  let timer: number | undefined;

  async function readMachine() {
    if (document.visibilityState === 'visible') machine.value = await client.studio.machine();
  }

  async function load() {
    info.value = await client.studio.info();
    await readMachine();
    window.clearInterval(timer);
    timer = window.setInterval(() => void readMachine().catch(() => undefined), machineEveryMs);
  }

  return { info, machine, load };
});

import type { BackendId } from '../contract/domain/backends.ts';
import type { deviceClasses, Waiting } from '../contract/domain/run-history.ts';
import { isAccelerated } from './backend-choice.ts';

/** What runs take turns on: the processor, or the graphics card whichever way it is reached. */
export type DeviceClass = (typeof deviceClasses)[number];

export const deviceClassOf = (id: BackendId): DeviceClass => (isAccelerated(id) ? 'graphics' : 'processor');

export interface QueuedRun {
  readonly id: string;
  readonly device: DeviceClass;
}

/** A run that holds a device. */
export interface BusyRun extends QueuedRun {
  readonly name: string;
}

/** Which of the queue may begin now: in its order, as long as each one's device has room. */
export function nextToBegin(
  queue: readonly QueuedRun[],
  busy: readonly QueuedRun[],
  atOnce: number,
): QueuedRun[] {
  const taken = new Map<DeviceClass, number>();
  for (const { device } of busy) taken.set(device, (taken.get(device) ?? 0) + 1);
  return queue.filter(({ device }) => {
    const already = taken.get(device) ?? 0;
    if (already >= atOnce) return false;
    taken.set(device, already + 1);
    return true;
  });
}

/** Why a run of the queue has not begun; null for one that could. */
export function waitingFor(
  id: string,
  queue: readonly QueuedRun[],
  busy: readonly BusyRun[],
  atOnce: number,
): Waiting | null {
  const wish = queue.find((queued) => queued.id === id);
  if (!wish) return { kind: 'not-worked-off' };
  const sameDevice = queue.filter(({ device }) => device === wish.device);
  const running = busy.filter(({ device }) => device === wish.device).map(({ name }) => name);
  if (running.length === 0) return null;
  return {
    kind: 'device-busy',
    device: wish.device,
    running,
    atOnce,
    place: sameDevice.findIndex((queued) => queued.id === id) + 1,
  };
}

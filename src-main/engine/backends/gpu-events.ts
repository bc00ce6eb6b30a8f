import { promisify } from 'node:util';

/** Waits for the graphics device without leaving the current turn of JavaScript. */
export type WaitUntil = (isDone: () => boolean) => void;

type Immediate = ReturnType<typeof setImmediate>;

const spins = 50;
const pauseMs = 0.05;
/** So many pauses without anything being due mean that the binding works otherwise than we know it. */
const emptyRounds = 20_000;

/**
 * Dawn's Node binding handles its events in a callback that it hands to the global `setImmediate`, again and
 * again while anything is outstanding. Models read losses in the middle of a step, where there is no turn to
 * wait for: so the callback that is due is remembered, and called here and now when one has to wait.
 *
 * Has to be called before anything of Dawn is created. Everyone else's immediates stay as they are.
 */
export function watchGpuEvents(): WaitUntil {
  const schedule = globalThis.setImmediate;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  let due: { handle: () => void; immediate: Immediate } | null = null;

  const watching = (callback: (...values: unknown[]) => void, ...values: unknown[]): Immediate => {
    const handle = () => callback(...values);
    const immediate = schedule(() => {
      if (due?.immediate === immediate) due = null;
      handle();
    });
    // The binding's callback is the one that has no source text.
    if (Function.prototype.toString.call(callback).includes('[native code]')) due = { handle, immediate };
    return immediate;
  };
  Object.defineProperty(watching, promisify.custom, { value: promisify(schedule) });
  globalThis.setImmediate = watching as typeof setImmediate;

  return (isDone) => {
    let empty = 0;
    for (let round = 0; !isDone(); round++) {
      if (!due && ++empty > emptyRounds) throw new Error('The graphics device does not answer.');
      if (due) {
        const { handle, immediate } = due;
        due = null;
        empty = 0;
        clearImmediate(immediate);
        handle();
      }
      if (round >= spins) Atomics.wait(sleeper, 0, 0, pauseMs);
    }
  };
}

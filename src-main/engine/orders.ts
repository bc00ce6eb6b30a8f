import type { EngineOrder } from '../contract/engine-messages.ts';

/** Orders waiting to be obeyed between two steps. */
export interface OrderQueue {
  push(order: EngineOrder): void;
  /** The oldest order, taken off the queue; undefined when there is none. */
  take(): EngineOrder | undefined;
  /** Resolves as soon as there is an order. */
  arrival(): Promise<void>;
}

export function createOrderQueue(): OrderQueue {
  const waiting: EngineOrder[] = [];
  let wake: (() => void) | undefined;
  return {
    push(order) {
      waiting.push(order);
      wake?.();
      wake = undefined;
    },
    take: () => waiting.shift(),
    arrival: () =>
      waiting.length > 0 ? Promise.resolve() : new Promise<void>((resolve) => (wake = resolve)),
  };
}

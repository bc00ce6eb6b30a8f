import { describe, expect, it } from 'vitest';
import { createStepClock } from '../../src-main/engine/step-clock.ts';

/** A clock whose time the test moves. */
const startedClock = () => {
  let time = 0;
  const clock = createStepClock(() => time);
  clock.resume();
  return {
    clock,
    pass: (ms: number) => (time += ms),
    step(ms: number, loss = 0) {
      clock.beginStep();
      time += ms;
      clock.endStep({ loss });
    },
  };
};

describe('the clock of a sitting', () => {
  it('averages the scalars of each tick by itself', () => {
    const { clock, step } = startedClock();
    step(10, 1);
    step(10, 3);
    expect(clock.endTick()).toMatchObject({ means: { loss: 2 }, stepsPerSecond: 100 });
    step(10, 7);
    expect(clock.endTick()).toMatchObject({ means: { loss: 7 } });
    expect(clock.endTick()).toBeNull();
  });

  it('counts no pause', () => {
    const { clock, pass, step } = startedClock();
    step(100);
    clock.pause();
    pass(5000);
    clock.resume();
    step(100);
    expect(clock.trainedMs()).toBe(200);
    expect(clock.endTick()).toMatchObject({ stepsPerSecond: 10 });
  });

  it('gives the median of the steps alone, also over very many', () => {
    const { clock, pass, step } = startedClock();
    expect(clock.medianStepMs()).toBeNull();
    step(1000);
    for (let count = 0; count < 20_000; count++) {
      step(count % 2 === 0 ? 5 : 7);
      pass(50);
    }
    step(7);
    expect([5, 7]).toContain(clock.medianStepMs());
    for (let count = 0; count < 60_000; count++) step(9);
    expect(clock.medianStepMs()).toBe(9);
  });
});

import { describe, expect, it } from 'vitest';
import { normals } from '../../src-main/engine/random.ts';
import { frechetDistance, momentsOf } from '../bench/quality/frechet-distance.ts';

const size = 6;
const drawn = (seed: number) => normals(seed, 'features', 0, 4000 * size);

describe('the Fréchet distance of features', () => {
  it('is nothing between a set and itself, whatever lies along one line only', () => {
    const features = drawn(1).map((value, index, all) => (index % size === 5 ? all[index - 1]! * 2 : value));
    const moments = momentsOf(features, size);
    expect(frechetDistance(moments, moments)).toBeCloseTo(0, 6);
  });

  it('is the squared way between the means where only they differ', () => {
    const here = drawn(2);
    const there = here.map((value, index) => value + (index % size === 0 ? 3 : index % size === 1 ? 4 : 0));
    expect(frechetDistance(momentsOf(here, size), momentsOf(there, size))).toBeCloseTo(25, 4);
  });

  it('is that of independent normal distributions: the squared difference of their deviations', () => {
    const here = drawn(3);
    const wider = here.map((value, index) => (index % size === 2 ? value * 3 : value));
    const { covariance } = momentsOf(here, size);
    const deviation = Math.sqrt(covariance[2 * size + 2]!);
    const expected = (3 * deviation - deviation) ** 2;
    expect(frechetDistance(momentsOf(here, size), momentsOf(wider, size))).toBeGreaterThan(0.98 * expected);
    expect(frechetDistance(momentsOf(here, size), momentsOf(wider, size))).toBeLessThan(1.02 * expected);
  });

  it('is the same in both directions, also where features hang together', () => {
    const here = drawn(4).map((value, index, all) => (index % size === 1 ? value + all[index - 1]! : value));
    const there = drawn(5).map((value, index, all) => (index % size === 3 ? value - all[index - 2]! : value));
    const [a, b] = [momentsOf(here, size), momentsOf(there, size)];
    expect(frechetDistance(a, b)).toBeCloseTo(frechetDistance(b, a), 6);
    expect(frechetDistance(a, b)).toBeGreaterThan(0.1);
  });
});

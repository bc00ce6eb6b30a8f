import { describe, expect, it } from 'vitest';
import {
  integers,
  normals,
  permutation,
  philoxBlock,
  uniforms,
  words,
} from '../../src-main/engine/random.ts';

const block = (counter: [number, number, number, number], key: [number, number]): string[] => {
  const target = new Uint32Array(4);
  philoxBlock(counter, key, target);
  return [...target].map((word) => word.toString(16).padStart(8, '0'));
};

describe('the counter-based generator', () => {
  it('gives the known answers published with Random123 for Philox4x32-10', () => {
    expect(block([0, 0, 0, 0], [0, 0])).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
    const ones = 0xffffffff;
    expect(block([ones, ones, ones, ones], [ones, ones])).toEqual([
      '408f276d',
      '41c83b0e',
      'a20bc7c6',
      '6d5451fd',
    ]);
    expect(block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      'd16cfe09',
      '94fdcceb',
      '5001e420',
      '24126ea1',
    ]);
  });

  it('gives the same number for the same place, however many are asked for', () => {
    expect(words(7, 'latent', 3, 5)).toEqual(words(7, 'latent', 3, 400).slice(0, 5));
    expect(normals(7, 'latent', 3, 5)).toEqual(normals(7, 'latent', 3, 400).slice(0, 5));
  });

  it('gives other numbers for another seed, stream or step', () => {
    const base = words(7, 'latent', 3, 64);
    const others = [
      words(8, 'latent', 3, 64),
      words(7, 'order', 3, 64),
      words(7, 'latent', 4, 64),
      words(7, 'latent', 3 + 2 ** 32, 64),
    ];
    for (const other of others) {
      expect(other.filter((word, index) => word === base[index]).length).toBeLessThan(2);
    }
  });

  it('spreads uniforms evenly over 0…1, 1 left out', () => {
    const sample = uniforms(1, 'spread', 0, 100_000);
    const tenths = new Array<number>(10).fill(0);
    for (const value of sample) tenths[Math.floor(value * 10)]!++;
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(sample.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('draws normals with mean 0, deviation 1 and the right tails', () => {
    const sample = normals(1, 'bell', 0, 100_001);
    const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
    const variance = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sample.length;
    const beyondTwo = sample.filter((value) => Math.abs(value) > 2).length / sample.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.004);
  });

  it('draws whole numbers below a limit, each about as often', () => {
    const counts = new Array<number>(7).fill(0);
    for (const value of integers(1, 'dice', 0, 70_000, 7)) counts[value]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('shuffles without losing or doubling anything, anew for each epoch', () => {
    const first = permutation(1, 'order', 0, 1000);
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(permutation(1, 'order', 0, 1000)).toEqual(first);
    expect(permutation(1, 'order', 1, 1000)).not.toEqual(first);
  });
});

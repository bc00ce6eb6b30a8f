import { describe, expect, it } from 'vitest';
import { deriveInput } from '../../src-main/imaging/pure/derive-input.ts';
import {
  bilinear,
  decibels,
  errorInHoles,
  holesOf,
  meanColour,
  patched,
  structuralSimilarity,
} from '../bench/quality/repair-measures.ts';

const form = { sizePx: 16, channels: 3 as const };
/** Brighter from left to right, otherwise in each channel. */
const ramp = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => {
  const column = Math.floor(at / 3) % 16;
  return column * 10 + (at % 3) * 20;
});
const input = deriveInput({ pixels: ramp, ...form }, { kind: 'holes', share: 0.25 }, 3);
const holes = holesOf(input, form);

describe('The measures of repair', () => {
  it('find the holes that a recipe makes', () => {
    expect(holes.reduce((sum, hole) => sum + hole, 0)).toBe(64);
  });

  it('fill a slope better bilinearly than with the mean colour, and change nothing beside the holes', () => {
    const errorOf = (filling: Uint8Array) =>
      errorInHoles(ramp, patched(input, holes, filling, form), holes, form);
    expect(errorOf(ramp)).toBe(0);
    expect(errorOf(bilinear(input, holes, form))).toBeLessThan(errorOf(meanColour(input, holes, form)) / 2);
    const filled = patched(input, holes, new Uint8Array(input.length), form);
    for (const [at, value] of filled.entries()) {
      expect(value).toBe(holes[Math.floor(at / 3)] ? 0 : input[at]);
    }
  });

  it('know what decibels and structural similarity are', () => {
    expect(decibels(0.01)).toBeCloseTo(20, 10);
    expect(structuralSimilarity(ramp, ramp, form)).toBeCloseTo(1, 10);
    const worse = structuralSimilarity(ramp, input, form);
    expect(worse).toBeLessThan(1);
    expect(structuralSimilarity(ramp, new Uint8Array(ramp.length), form)).toBeLessThan(worse);
  });
});

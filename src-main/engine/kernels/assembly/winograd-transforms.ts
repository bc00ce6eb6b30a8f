/** The three transformations of `winograd.ts` along one axis, and their transposes. */
import { multiplyAdd } from './vector';

@inline
function times(value: v128, factor: f32): v128 {
  return f32x4.mul(value, f32x4.splat(factor));
}

@inline
function plusTimes(sum: v128, value: v128, factor: f32): v128 {
  return multiplyAdd(value, f32x4.splat(factor), sum);
}

/** B' d along one axis, to vectors `to` bytes apart. */
@inline
export function storeInput(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, target: usize, to: usize): void {
  const odd = f32x4.sub(d3, d1);
  v128.store(target, plusTimes(odd, f32x4.sub(d0, d2), 2));
  v128.store(target + to, f32x4.sub(plusTimes(d3, d1, -2), d2));
  v128.store(target + 2 * to, plusTimes(plusTimes(d3, d1, 2), d2, -3));
  v128.store(target + 3 * to, odd);
  v128.store(target + 4 * to, plusTimes(f32x4.sub(d4, d2), odd, -2));
}

/** `storeInput` from vectors `from` bytes apart. */
@inline
export function transformInput(source: usize, from: usize, target: usize, to: usize): void {
  const d0 = v128.load(source);
  const d1 = v128.load(source + from);
  const d2 = v128.load(source + 2 * from);
  const d3 = v128.load(source + 3 * from);
  const d4 = v128.load(source + 4 * from);
  storeInput(d0, d1, d2, d3, d4, target, to);
}

/** The transpose of `transformInput`. */
@inline
export function transformInputBack(source: usize, from: usize, target: usize, to: usize): void {
  const n0 = v128.load(source);
  const n1 = v128.load(source + from);
  const n2 = v128.load(source + 2 * from);
  const n3 = v128.load(source + 3 * from);
  const n4 = v128.load(source + 4 * from);
  const difference = f32x4.add(f32x4.sub(n2, n1), n4);
  v128.store(target, times(n0, 2));
  v128.store(target + to, f32x4.sub(plusTimes(f32x4.neg(n0), difference, 2), n3));
  const sum = f32x4.add(n1, n4);
  v128.store(target + 2 * to, f32x4.neg(f32x4.add(plusTimes(sum, n0, 2), times(n2, 3))));
  const all = f32x4.add(f32x4.add(n0, n1), f32x4.add(n2, n3));
  v128.store(target + 3 * to, plusTimes(all, n4, -2));
  v128.store(target + 4 * to, n4);
}

/** A' m along one axis: five vectors become four. */
@inline
export function transformOutput(source: usize, from: usize, target: usize, to: usize): void {
  const m0 = v128.load(source);
  const m1 = v128.load(source + from);
  const m2 = v128.load(source + 2 * from);
  const m3 = v128.load(source + 3 * from);
  const m4 = v128.load(source + 4 * from);
  const sum = f32x4.add(m1, m2);
  const difference = f32x4.sub(m1, m2);
  v128.store(target, f32x4.add(f32x4.add(m0, sum), m3));
  v128.store(target + to, plusTimes(difference, m3, 2));
  v128.store(target + 2 * to, plusTimes(sum, m3, 4));
  v128.store(target + 3 * to, plusTimes(f32x4.add(difference, m4), m3, 8));
}

/** A e along one axis, the transpose of `transformOutput`: four vectors become five, `to` bytes apart. */
@inline
export function storeOutputBack(e0: v128, e1: v128, e2: v128, e3: v128, target: usize, to: usize): void {
  const even = f32x4.add(e0, e2);
  const odd = f32x4.add(e1, e3);
  v128.store(target, e0);
  v128.store(target + to, f32x4.add(even, odd));
  v128.store(target + 2 * to, f32x4.sub(even, odd));
  v128.store(target + 3 * to, plusTimes(plusTimes(plusTimes(e0, e1, 2), e2, 4), e3, 8));
  v128.store(target + 4 * to, e3);
}

/** `storeOutputBack` from vectors `from` bytes apart. */
@inline
export function transformOutputBack(source: usize, from: usize, target: usize, to: usize): void {
  const e0 = v128.load(source);
  const e1 = v128.load(source + from);
  const e2 = v128.load(source + 2 * from);
  const e3 = v128.load(source + 3 * from);
  storeOutputBack(e0, e1, e2, e3, target, to);
}

/** G g along one axis: two vectors become five. */
@inline
export function transformFilter(source: usize, from: usize, target: usize, to: usize): void {
  const g0 = v128.load(source);
  const g1 = v128.load(source + from);
  v128.store(target, times(g0, 0.5));
  v128.store(target + to, times(f32x4.add(g0, g1), -0.5));
  v128.store(target + 2 * to, times(f32x4.sub(g1, g0), 1.0 / 6.0));
  v128.store(target + 3 * to, times(plusTimes(g0, g1, 2), 1.0 / 6.0));
  v128.store(target + 4 * to, g1);
}

/** The transpose of `transformFilter`. */
@inline
export function transformFilterBack(source: usize, from: usize, target: usize, to: usize): void {
  const u0 = v128.load(source);
  const u1 = times(v128.load(source + from), -0.5);
  const u2 = times(v128.load(source + 2 * from), 1.0 / 6.0);
  const u3 = times(v128.load(source + 3 * from), 1.0 / 6.0);
  const u4 = v128.load(source + 4 * from);
  v128.store(target, f32x4.add(plusTimes(f32x4.sub(u3, u2), u0, 0.5), u1));
  v128.store(target + to, f32x4.add(plusTimes(f32x4.add(u1, u2), u3, 2), u4));
}

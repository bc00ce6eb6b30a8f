import { setImmediate } from 'node:timers/promises';
import { boundsOf, measure, readHand, type Glyph, type Outline } from './digit-outlines.ts';
import { fillOutline } from './outline-fill.ts';

/** Width and height of a sample picture. */
export const samplePx = 28;

export const sampleClasses = 10;

/** Hands the digits are drawn after: fonts in `resources/fonts`, each with its licence beside it. */
export const sampleFonts = [
  { file: 'architects-daughter', title: 'Architects Daughter' },
  { file: 'gaegu', title: 'Gaegu' },
  { file: 'gloria-hallelujah', title: 'Gloria Hallelujah' },
  { file: 'handlee', title: 'Handlee' },
  { file: 'indie-flower', title: 'Indie Flower' },
  { file: 'kalam', title: 'Kalam' },
  { file: 'la-belle-aurore', title: 'La Belle Aurore' },
  { file: 'nothing-you-could-do', title: 'Nothing You Could Do' },
  { file: 'over-the-rainbow', title: 'Over the Rainbow' },
  { file: 'patrick-hand', title: 'Patrick Hand' },
  { file: 'swanky-and-moo-moo', title: 'Swanky and Moo Moo' },
  { file: 'zeyada', title: 'Zeyada' },
] as const;

/** splitmix32: small, fast and, unlike a library's, ours to keep unchanged for ever. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** One number that two seeds do not share, so that a picture depends on (seed, index) alone. */
function mixSeeds(seed: number, index: number): number {
  const random = createRandom(seed);
  const high = Math.floor(random() * 2 ** 32);
  return (Math.imul(index + 1, 0x85ebca6b) ^ high) >>> 0;
}

/**
 * Handwritten-style digits in the look of MNIST: white ink on black, a 20-pixel box within 28 pixels, centred
 * by mass. Picture i shows the digit i modulo 10 and depends on (seed, i) alone.
 *
 * @yields up to 100 pictures at a time, `[picture, 28, 28]`, 0…255, leaving the thread free in between
 */
export async function* renderSampleDigits(
  images: number,
  seed: number,
): AsyncGenerator<{ pixels: Uint8Array; labels: Uint8Array }> {
  const hands = await Promise.all(sampleFonts.map(({ file }) => readHand(file)));
  const chunk = 100;
  const pictureBytes = samplePx * samplePx;
  for (let start = 0; start < images; start += chunk) {
    const count = Math.min(chunk, images - start);
    const pixels = new Uint8Array(count * pictureBytes);
    const labels = new Uint8Array(count);
    for (let offset = 0; offset < count; offset += 1) {
      const index = start + offset;
      const digit = index % sampleClasses;
      const random = createRandom(mixSeeds(seed, index));
      const hand = hands[Math.floor(random() * hands.length)]!;
      labels[offset] = digit;
      drawDigit(hand[digit]!, random, pixels.subarray(offset * pictureBytes, (offset + 1) * pictureBytes));
    }
    yield { pixels, labels };
    await setImmediate();
  }
}

/** A smooth random field over the unit square: a few slow waves. */
function createField(random: () => number, strength: number): (x: number, y: number) => number {
  const waves = Array.from({ length: 3 }, (_unused, order) => {
    const angle = random() * 2 * Math.PI;
    const frequency = (0.5 + 0.55 * order + 0.3 * random()) * 2 * Math.PI;
    return {
      x: Math.cos(angle) * frequency,
      y: Math.sin(angle) * frequency,
      phase: random() * 2 * Math.PI,
      strength: (strength * (random() + random())) / (1 + order),
    };
  });
  return (x, y) =>
    waves.reduce((sum, wave) => sum + wave.strength * Math.sin(wave.x * x + wave.y * y + wave.phase), 0);
}

function drawDigit(glyph: Glyph, random: () => number, target: Uint8Array): void {
  const between = (low: number, high: number) => low + (high - low) * random();
  /** Bell-shaped around zero, within ±1. */
  const bell = () => (random() + random() + random()) * (2 / 3) - 1;

  const bendX = createField(random, 0.028);
  const bendY = createField(random, 0.028);
  const pressure = createField(random, 0.3);
  const angle = bell() * 0.26;
  const slant = bell() * 0.3 - 0.05;
  const stretchX = between(0.8, 1.12) + bell() * 0.08;
  const strokeWidth = 0.125 + bell() * 0.05;
  const thicken = Math.max(-0.3 * glyph.strokeWidth, (strokeWidth - glyph.strokeWidth) / 2);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];

  const outline = glyph.outline.map((points) => {
    const moved = new Float64Array(points.length);
    const size = points.length;
    for (let at = 0; at < size; at += 2) {
      const [x, y] = [points[at]!, points[at + 1]!];
      const before = (at + size - 2) % size;
      const after = (at + 2) % size;
      const [alongX, alongY] = [points[after]! - points[before]!, points[after + 1]! - points[before + 1]!];
      const along = Math.hypot(alongX, alongY) || 1;
      const push = (glyph.outside * thicken * (1 + pressure(x, y))) / along;
      const thickX = x + alongY * push + bendX(x, y);
      const thickY = y - alongX * push + bendY(x, y);
      const leanX = (thickX - slant * thickY) * stretchX;
      moved[at] = leanX * cosine - thickY * sine;
      moved[at + 1] = leanX * sine + thickY * cosine;
    }
    return moved;
  });

  placeInBox(outline, 20 * between(0.93, 1.03));
  const ink = fillOutline(outline, samplePx, samplePx);
  finish(ink, random, target);
}

/** Fits the outline into a box of `boxPx` and puts its centre of mass on the middle of the picture. */
function placeInBox(outline: Outline, boxPx: number): void {
  const box = boundsOf(outline);
  const scale = boxPx / Math.max(box.width, box.height);
  let [area, momentX, momentY] = [0, 0, 0];
  for (const points of outline) {
    const measures = measure(points);
    area += measures.area;
    momentX += measures.momentX;
    momentY += measures.momentY;
  }
  const centre = samplePx / 2;
  // A heavy end can pull the other one over the edge; staying inside comes before the exact centre.
  const inside = (low: number, size: number, mean: number) =>
    Math.min(Math.max(centre - mean * scale, 1 - low * scale), samplePx - 1 - (low + size) * scale);
  const shiftX = inside(box.left, box.width, momentX / area);
  const shiftY = inside(box.top, box.height, momentY / area);
  for (const points of outline) {
    for (let at = 0; at < points.length; at += 2) {
      points[at] = points[at]! * scale + shiftX;
      points[at + 1] = points[at + 1]! * scale + shiftY;
    }
  }
}

/** Softens the edges a little, and lets the ink be a little uneven; the ground stays black. */
function finish(ink: Float32Array, random: () => number, target: Uint8Array): void {
  const soft = random() * 0.12;
  const strength = 235 + random() * 30;
  const grain = 0.03 + random() * 0.06;
  for (let row = 0; row < samplePx; row += 1) {
    for (let column = 0; column < samplePx; column += 1) {
      const at = row * samplePx + column;
      const own = ink[at]!;
      const left = column > 0 ? ink[at - 1]! : 0;
      const right = column < samplePx - 1 ? ink[at + 1]! : 0;
      const above = row > 0 ? ink[at - samplePx]! : 0;
      const below = row < samplePx - 1 ? ink[at + samplePx]! : 0;
      const softened = own * (1 - 4 * soft) + soft * (left + right + above + below);
      if (softened <= 0) continue;
      const uneven = softened * (1 - grain * (random() + random()));
      target[at] = Math.max(0, Math.min(255, Math.round(uneven * strength)));
    }
  }
}

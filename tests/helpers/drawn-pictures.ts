import type { Pixels } from '../../src-main/imaging/pure/resample.ts';

/** Numbers in [0, 1) that the seed alone decides (Park and Miller, 1988). */
export function randomFrom(seed: number): () => number {
  let state = (seed * 48271 + 11) % 2147483647;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** A square RGB picture of coloured discs and stripes; the seed decides which, the size only how large. */
export function drawnPicture(seed: number, sizePx: number): Pixels {
  const random = randomFrom(seed);
  for (let skip = 0; skip < 8; skip += 1) random();
  const ground = [random() * 255, random() * 255, random() * 255];
  const discs = Array.from({ length: 9 }, () => ({
    x: random(),
    y: random(),
    radius: 0.05 + 0.25 * random(),
    colour: [random() * 255, random() * 255, random() * 255],
  }));
  const pixels = new Uint8Array(sizePx * sizePx * 3);
  for (let at = 0; at < sizePx * sizePx; at += 1) {
    const [x, y] = [((at % sizePx) + 0.5) / sizePx, (Math.floor(at / sizePx) + 0.5) / sizePx];
    const disc = discs.findLast((each) => Math.hypot(x - each.x, y - each.y) < each.radius);
    pixels.set(disc?.colour ?? ground, at * 3);
  }
  return { pixels, widthPx: sizePx, heightPx: sizePx, channels: 3 };
}

/** The picture with white noise of a standard deviation in 0…255. */
export function noisy(picture: Pixels, deviation: number, seed: number): Pixels {
  const random = randomFrom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-9)) * Math.cos(2 * Math.PI * random());
  const pixels = Uint8ClampedArray.from(picture.pixels, (value) => value + deviation * normal());
  return { ...picture, pixels: new Uint8Array(pixels.buffer) };
}

/** The picture after a box filter of the given radius, again and again. */
export function blurred(picture: Pixels, radiusPx: number, rounds = 2): Pixels {
  const { widthPx, heightPx, channels } = picture;
  let pixels = picture.pixels;
  for (let round = 0; round < rounds; round += 1) {
    const from = pixels;
    pixels = new Uint8Array(from.length);
    for (let at = 0; at < pixels.length; at += 1) {
      const channel = at % channels;
      const column = Math.floor(at / channels) % widthPx;
      const row = Math.floor(at / channels / widthPx);
      let [sum, count] = [0, 0];
      for (let y = Math.max(0, row - radiusPx); y <= Math.min(heightPx - 1, row + radiusPx); y += 1) {
        for (let x = Math.max(0, column - radiusPx); x <= Math.min(widthPx - 1, column + radiusPx); x += 1) {
          sum += from[(y * widthPx + x) * channels + channel]!;
          count += 1;
        }
      }
      pixels[at] = sum / count;
    }
  }
  return { ...picture, pixels };
}

import type { ArrayDescription, ArrayLayout, ArrayRange } from '../../contract/domain/sources.ts';
import type { Channels } from '../../contract/presets.ts';

/** Where the numbers of an array's pictures lie. */
export interface ArrayPlan {
  layout: ArrayLayout;
  count: number;
  widthPx: number;
  heightPx: number;
  channels: Channels;
  /** How many numbers it is from one to the next of each. */
  stride: { picture: number; row: number; column: number; channel: number };
}

/** Sizes beyond these are no picture's. */
const largestSidePx = 16_384;

type Axis = 'N' | 'H' | 'W' | 'C';

const isSide = (size: number) => size >= 1 && size <= largestSidePx;
const toChannels = (size: number): Channels | null => (size === 1 || size === 3 ? size : null);

/** Numbers between neighbours on each axis. */
function stridesOf(shape: readonly number[], fortranOrder: boolean): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  if (fortranOrder)
    for (let at = 1; at < shape.length; at += 1) strides[at] = strides[at - 1]! * shape[at - 1]!;
  else for (let at = shape.length - 2; at >= 0; at -= 1) strides[at] = strides[at + 1]! * shape[at + 1]!;
  return strides;
}

/** Puts meaning on the axes; null where the shape does not allow it. */
export function planArray(
  { shape, fortranOrder }: { shape: readonly number[]; fortranOrder: boolean },
  layout: ArrayLayout,
): ArrayPlan | null {
  const flat = /^N\((\w+)\)$/.exec(layout)?.[1];
  if (flat !== undefined) return planFlat(shape, fortranOrder, layout, flat);
  const axes = [...layout] as Axis[];
  if (axes.length !== shape.length) return null;
  const strides = stridesOf(shape, fortranOrder);
  const of = (axis: Axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? { size: 1, stride: 0 } : { size: shape[at]!, stride: strides[at]! };
  };
  const channels = toChannels(of('C').size);
  const [height, width] = [of('H'), of('W')];
  if (channels === null || !isSide(height.size) || !isSide(width.size) || of('N').size < 1) return null;
  return {
    layout,
    count: of('N').size,
    heightPx: height.size,
    widthPx: width.size,
    channels,
    stride: {
      picture: of('N').stride,
      row: height.stride,
      column: width.stride,
      channel: of('C').stride,
    },
  };
}

/** Tables of one square picture per row. */
function planFlat(
  shape: readonly number[],
  fortranOrder: boolean,
  layout: ArrayLayout,
  order: string,
): ArrayPlan | null {
  const [count = 0, length = 0] = shape;
  if (shape.length !== 2 || count < 1) return null;
  const channels: Channels = order === 'HW' ? 1 : 3;
  const sidePx = Math.sqrt(length / channels);
  if (!Number.isInteger(sidePx) || sidePx < 2 || !isSide(sidePx)) return null;
  const [picture, step] = fortranOrder ? [1, count] : [length, 1];
  const isPlanar = order === 'CHW';
  return {
    layout,
    count,
    widthPx: sidePx,
    heightPx: sidePx,
    channels,
    stride: {
      picture,
      row: step * sidePx * (isPlanar ? 1 : channels),
      column: step * (isPlanar ? 1 : channels),
      channel: step * (isPlanar ? sidePx * sidePx : 1),
    },
  };
}

const byRank: Readonly<Record<number, readonly ArrayLayout[]>> = {
  2: ['N(HW)', 'N(CHW)', 'N(HWC)', 'HW'],
  3: ['NHW', 'HWC', 'CHW', 'HWN'],
  4: ['NHWC', 'NCHW', 'HWCN'],
};

/**
 * The ways in which an array's shape can be pictures, likeliest first. A few numbers in a row are rather
 * channels than columns, and pictures are rather nearly square than not.
 */
export function possibleLayouts(array: {
  shape: readonly number[];
  fortranOrder: boolean;
}): ArrayDescription['layouts'] {
  const likelihood = ({ layout, widthPx, heightPx, count, channels }: ArrayPlan): number => {
    const isSquare = widthPx === heightPx;
    const shape = Math.min(widthPx, heightPx) / Math.max(widthPx, heightPx);
    const tiny = widthPx < 4 || heightPx < 4 ? 2 : 0;
    const single = count === 1 && !layout.includes('N') ? (isSquare || channels === 3 ? 0.1 : 0.4) : 0;
    return shape + (isSquare ? 0.5 : 0) - tiny - single;
  };
  return (
    (byRank[array.shape.length] ?? [])
      .map((layout) => planArray(array, layout))
      .filter((plan) => plan !== null)
      // A strip of two or three rows is a table rather than one picture.
      .filter(({ layout, heightPx, widthPx }) => layout !== 'HW' || Math.min(heightPx, widthPx) >= 4)
      .sort((a, b) => likelihood(b) - likelihood(a))
      .map(({ layout, count, widthPx, heightPx, channels }) => ({
        layout,
        count,
        widthPx,
        heightPx,
        channels,
      }))
  );
}

/** The meanings that the numbers allow, likeliest first; `least` and `greatest` of a part of them. */
export function possibleRanges(kind: string, least: number, greatest: number): ArrayRange[] {
  const isWhole = kind === 'u' || kind === 'i';
  const slack = 0.02;
  if (kind === 'b') return ['unit'];
  if (least < -1 - slack || greatest > 255 + slack * 255) return [];
  if (least < 0) return greatest <= 1 + slack ? ['signed'] : [];
  if (greatest > 1 + slack) return ['bytes'];
  return isWhole ? ['bytes', 'unit'] : ['unit', 'signed', 'bytes'];
}

/** Turns a number of a range into 0…255; NaN where it is not finite or lies well outside. */
export function toByte(range: ArrayRange): (value: number) => number {
  const [from, span] = range === 'bytes' ? [0, 255] : range === 'unit' ? [0, 1] : [-1, 2];
  return (value) => {
    const scaled = ((value - from) / span) * 255;
    if (!(scaled >= -13 && scaled <= 268)) return NaN;
    return Math.min(255, Math.max(0, Math.round(scaled)));
  };
}

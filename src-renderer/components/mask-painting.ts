/** What a mask hides: `[sizePx, sizePx]`, 1 where it does and 0 elsewhere. Every function gives a new one. */
export type Hidden = Uint8Array;

export interface MaskPoint {
  /** In pixels of the picture, from its left and top. */
  readonly x: number;
  readonly y: number;
}

export interface MaskBox {
  readonly left: number;
  readonly top: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

const changed = (hidden: Hidden, sizePx: number, is: (x: number, y: number) => boolean, to: 0 | 1): Hidden =>
  hidden.map((value, at) => (is(at % sizePx, Math.floor(at / sizePx)) ? to : value));

/** A stroke of a round brush from one point to another; a brush of one pixel takes the pixel it is over. */
export function stroke(
  hidden: Hidden,
  sizePx: number,
  [from, to]: readonly [MaskPoint, MaskPoint],
  brushPx: number,
  hide: boolean,
): Hidden {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const lengthSquared = dx * dx + dy * dy;
  const distance = (x: number, y: number): number => {
    const along = lengthSquared === 0 ? 0 : ((x - from.x) * dx + (y - from.y) * dy) / lengthSquared;
    const nearest = Math.min(1, Math.max(0, along));
    return Math.hypot(x - from.x - nearest * dx, y - from.y - nearest * dy);
  };
  const under = (x: number, y: number) => Math.floor(to.x) === x && Math.floor(to.y) === y;
  return changed(
    hidden,
    sizePx,
    (x, y) => distance(x + 0.5, y + 0.5) < brushPx / 2 || under(x, y),
    hide ? 1 : 0,
  );
}

export const boxed = (hidden: Hidden, sizePx: number, box: MaskBox, hide: boolean): Hidden =>
  changed(
    hidden,
    sizePx,
    (x, y) => x >= box.left && x < box.left + box.widthPx && y >= box.top && y < box.top + box.heightPx,
    hide ? 1 : 0,
  );

/** A mask that hides the last rows alone. */
export const lowerRows = (sizePx: number, rows: number): Hidden =>
  Uint8Array.from({ length: sizePx * sizePx }, (_, at) => (at >= (sizePx - rows) * sizePx ? 1 : 0));

export const hiddenShare = (hidden: Hidden): number =>
  hidden.reduce((sum, value) => sum + value, 0) / hidden.length;

/** A mask as text for the address: eight pixels a byte, base64url. */
export function packMask(hidden: Hidden): string {
  const bytes = new Uint8Array(Math.ceil(hidden.length / 8));
  hidden.forEach((value, at) => (bytes[at >> 3]! |= value << (at & 7)));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/** The mask that {@link packMask} wrote; null where the text is none of this size. */
export function unpackMask(text: string, sizePx: number): Hidden | null {
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    if (bytes.length !== Math.ceil((sizePx * sizePx) / 8)) return null;
    return Uint8Array.from(
      { length: sizePx * sizePx },
      (_, at) => (bytes.charCodeAt(at >> 3) >> (at & 7)) & 1,
    );
  } catch {
    return null;
  }
}

/** The mask as a PNG in base64: white where it hides, black elsewhere. */
export function maskAsPng(hidden: Hidden, sizePx: number): string {
  const canvas = document.createElement('canvas');
  canvas.width = sizePx;
  canvas.height = sizePx;
  const pen = canvas.getContext('2d')!;
  const image = pen.createImageData(sizePx, sizePx);
  hidden.forEach((value, at) => image.data.set([value * 255, value * 255, value * 255, 255], at * 4));
  pen.putImageData(image, 0, 0);
  return canvas.toDataURL('image/png').split(',')[1]!;
}

/** The mask in a picture of the model's size, as the studio writes them. */
export async function maskOfPicture(url: string, sizePx: number): Promise<Hidden> {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = sizePx;
  canvas.height = sizePx;
  const pen = canvas.getContext('2d')!;
  pen.drawImage(picture, 0, 0, sizePx, sizePx);
  const { data } = pen.getImageData(0, 0, sizePx, sizePx);
  return Uint8Array.from({ length: sizePx * sizePx }, (_, at) => (data[at * 4]! >= 128 ? 1 : 0));
}

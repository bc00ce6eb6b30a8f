import { extname } from 'node:path/posix';

/** Formats that can be decoded. */
export const pictureFormats = ['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif', 'bmp'] as const;
export type PictureFormat = (typeof pictureFormats)[number];

/** What the first bytes of a file say: a format, a picture format that cannot be decoded, or neither. */
export type SniffedFormat =
  | { kind: 'picture'; format: PictureFormat }
  | { kind: 'unsupported'; title: string }
  | { kind: 'text' }
  | { kind: 'unknown' };

const readableExtensions = new Set(
  '.png .apng .jpg .jpeg .jpe .jfif .webp .gif .tif .tiff .avif .bmp .dib'.split(' '),
);

/** Pictures to a person, though not to us: offered, so that each is named as unreadable, not passed over. */
const unreadableExtensions = new Set('.heic .heif .jxl .jp2 .svg .ico .psd'.split(' '));

/** Whether a file of this name claims to be a picture. */
export function hasPictureName(name: string): boolean {
  const extension = extname(name).toLowerCase();
  return readableExtensions.has(extension) || unreadableExtensions.has(extension);
}

/** Recognises a picture by its first bytes, whatever its name says. */
export function sniffPicture(bytes: Uint8Array): SniffedFormat {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 512));
  const ascii = head.toString('latin1');
  const picture = (format: PictureFormat): SniffedFormat => ({ kind: 'picture', format });
  if (ascii.startsWith('\x89PNG\r\n\x1a\n')) return picture('png');
  if (ascii.startsWith('\xff\xd8\xff')) return picture('jpeg');
  if (ascii.startsWith('RIFF') && ascii.slice(8, 12) === 'WEBP') return picture('webp');
  if (/^GIF8[79]a/.test(ascii)) return picture('gif');
  if (/^(II[*+]\0|MM\0[*+])/.test(ascii)) return picture('tiff');
  if (ascii.slice(4, 8) === 'ftyp') {
    const brands = ascii.slice(8, Math.min(head.length, head.readUInt32BE(0)));
    if (/avi[fs]/.test(brands)) return picture('avif');
    if (/hei[cx]|hev[cx]|mif1|msf1/.test(brands)) return { kind: 'unsupported', title: 'HEIC' };
    return { kind: 'unknown' };
  }
  if (ascii.startsWith('BM') && head.length >= 26) return picture('bmp');
  if (ascii.startsWith('\xff\x0a') || ascii.startsWith('\0\0\0\x0cJXL ')) {
    return { kind: 'unsupported', title: 'JPEG XL' };
  }
  if (ascii.startsWith('\0\0\0\x0cjP  ')) return { kind: 'unsupported', title: 'JPEG 2000' };
  if (ascii.startsWith('\0\0\x01\0')) return { kind: 'unsupported', title: 'ICO' };
  if (ascii.startsWith('8BPS')) return { kind: 'unsupported', title: 'Photoshop' };
  if (/<svg[\s>]/i.test(ascii)) return { kind: 'unsupported', title: 'SVG' };
  // Control bytes other than tab, line feed and carriage return do not occur in text.
  const isText =
    head.length > 0 && head.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
  return isText ? { kind: 'text' } : { kind: 'unknown' };
}

import { crc32, deflateSync } from 'node:zlib';
import yazl from 'yazl';

const chunk = (kind: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
};

/** A whole PNG of a few kilobytes that unfolds to a square of black with so many pixels on each side. */
export function decompressionBomb(sidePx: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sidePx, 0);
  header.writeUInt32BE(sidePx, 4);
  // One bit for each pixel, grey.
  header[8] = 1;
  const rows = Buffer.alloc(sidePx * (Math.ceil(sidePx / 8) + 1));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** A ZIP whose one entry wants to be written two folders further up. */
export async function escapingZip(picture: Uint8Array, name: string): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  // The writer refuses such a name, so that another of its length is replaced.
  zip.addBuffer(Buffer.from(picture), `aa/aa/${name}`, { compress: false });
  zip.end();
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream) parts.push(Buffer.from(part));
  const bytes = Buffer.concat(parts);
  const text = bytes.toString('latin1').replaceAll(`aa/aa/${name}`, `../../${name}`);
  return Buffer.from(text, 'latin1');
}

import { zstdCompressSync, deflateSync, crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Provenance } from '../../src-main/contract/domain/images.ts';
import { words } from '../../src-main/engine/random.ts';
import { encodePng, readPngText, stripPngText } from '../../src-main/imaging/pure/png-encode.ts';
import { provenanceChunks, readProvenance } from '../../src-main/imaging/pure/provenance.ts';

const noise = (length: number) => Uint8Array.from(words(5, 'noise', 0, length), (word) => word >>> 24);
const gradient = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 3) & 0xff);

/** Sharp widens grey to three channels unless told not to. */
const decode = (png: Uint8Array, channels: number) =>
  sharp(png)
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });

const provenance: Provenance = {
  generator: { name: 'Imago Studio', version: '0.1.0' },
  seed: 4294967295,
  run: {
    id: 'run1',
    name: 'Ziffern “<&>” 数字',
    preset: 'dcgan-28',
    family: 'dcgan',
    seed: 1,
    step: 200,
    checkpointSha256: 'a'.repeat(64),
    settings: { latentSize: 100, horizontalFlip: false },
    backend: 'wasm',
  },
  dataset: {
    id: 'data1',
    name: 'digits',
    version: 1,
    hash: 'b'.repeat(64),
    images: 10,
    licence: { name: 'CC-BY-SA-3.0', attribution: 'someone' },
  },
};

describe('a PNG of ours', () => {
  it.each([
    ['grey noise', 1, noise] as const,
    ['a grey gradient', 1, gradient] as const,
    ['colour noise', 3, noise] as const,
    ['a colour gradient', 3, gradient] as const,
    ['colour with alpha', 4, noise] as const,
  ])('is decoded to the same pixels by another program: %s', async (_, channels, make) => {
    const [widthPx, heightPx] = [37, 23];
    const pixels = make(widthPx * heightPx * channels);
    const png = encodePng({ pixels, widthPx, heightPx, channels });
    const { data, info } = await decode(png, channels);
    expect(info).toMatchObject({ width: widthPx, height: heightPx, channels });
    expect(new Uint8Array(data)).toEqual(pixels);
  });

  it('is smaller where the filters can help', () => {
    const pixels = gradient(64 * 64 * 3);
    expect(encodePng({ pixels, widthPx: 64, heightPx: 64, channels: 3 }).length).toBeLessThan(600);
  });

  it('refuses pixels that do not fill it', () => {
    expect(() => encodePng({ pixels: noise(10), widthPx: 3, heightPx: 3, channels: 1 })).toThrow(RangeError);
  });

  it('carries texts in any script and gives them back', async () => {
    const texts = [
      { keyword: 'Title', text: '手写数字 – “ü” 🙂' },
      { keyword: 'empty', text: '' },
    ];
    const pixels = noise(16);
    const png = encodePng({ pixels, widthPx: 4, heightPx: 4, channels: 1 }, texts);
    expect(readPngText(png)).toEqual(texts);
    expect(new Uint8Array((await decode(png, 1)).data)).toEqual(pixels);
  });

  it('refuses a keyword that the format does not allow', () => {
    const picture = { pixels: noise(1), widthPx: 1, heightPx: 1, channels: 1 as const };
    for (const keyword of ['', ' led', 'too long '.repeat(9), '数字']) {
      expect(() => encodePng(picture, [{ keyword, text: '' }])).toThrow(RangeError);
    }
  });

  it('loses every text and nothing else when stripped', () => {
    const picture = { pixels: noise(48), widthPx: 4, heightPx: 4, channels: 3 as const };
    const marked = encodePng(picture, provenanceChunks(provenance));
    expect(stripPngText(marked)).toEqual(encodePng(picture));
    expect(readProvenance(stripPngText(marked))).toBeNull();
  });

  it('that is cut or changed is refused', () => {
    const png = encodePng({ pixels: noise(16), widthPx: 4, heightPx: 4, channels: 1 });
    const changed = Uint8Array.from(png);
    changed[20]! ^= 1;
    const refused = expect.objectContaining({ code: 'file-unreadable' });
    for (const bytes of [png.subarray(0, png.length - 5), png.subarray(0, 8), noise(100), changed]) {
      expect(() => readPngText(bytes)).toThrow(refused);
    }
  });

  it('written by other programs gives its plain and compressed texts', () => {
    const chunk = (type: string, data: Buffer) => {
      const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(data.length);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    };
    const png = Buffer.from(encodePng({ pixels: noise(1), widthPx: 1, heightPx: 1, channels: 1 }));
    const packed = deflateSync(Buffer.from('größer', 'utf8'));
    const foreign = Buffer.concat([
      png.subarray(0, 33),
      chunk('tEXt', Buffer.from('Author\0M\xfcller', 'latin1')),
      chunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(Buffer.from('plain'))])),
      chunk('iTXt', Buffer.concat([Buffer.from('Note\0\x01\0de\0Notiz\0'), packed])),
      png.subarray(33),
    ]);
    expect(readPngText(foreign)).toEqual([
      { keyword: 'Author', text: 'Müller' },
      { keyword: 'Comment', text: 'plain' },
      { keyword: 'Note', text: 'größer' },
    ]);
    const broken = Buffer.concat([
      png.subarray(0, 33),
      chunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), zstdCompressSync(Buffer.from('plain'))])),
      png.subarray(33),
    ]);
    expect(() => readPngText(broken)).toThrow(expect.objectContaining({ code: 'file-unreadable' }));
  });
});

describe('provenance inside a PNG', () => {
  const picture = { pixels: noise(16), widthPx: 4, heightPx: 4, channels: 1 as const };

  it('comes back whole', () => {
    expect(readProvenance(encodePng(picture, provenanceChunks(provenance)))).toEqual(provenance);
  });

  it('has the same bytes however the object was put together', () => {
    const reordered = {
      ...Object.fromEntries(Object.entries(provenance).reverse()),
      run: Object.fromEntries(Object.entries(provenance.run).reverse()),
    } as unknown as Provenance;
    expect(provenanceChunks(reordered)).toEqual(provenanceChunks(provenance));
  });

  it('marks the picture as generated for readers of XMP', async () => {
    const png = encodePng(picture, provenanceChunks(provenance));
    const { xmpAsString } = await sharp(png).metadata();
    expect(xmpAsString).toContain('http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia');
    const label = /<TC260:AIGC>(.*)<\/TC260:AIGC>/.exec(xmpAsString!)![1]!.replaceAll('&quot;', '"');
    expect(JSON.parse(label)).toMatchObject({
      Label: '1',
      ContentProducer: 'Imago Studio',
      ProduceID: 'run1-200-4294967295',
    });
  });

  it('of another making is not taken for ours', () => {
    for (const text of ['not JSON', '{"seed":1}']) {
      expect(readProvenance(encodePng(picture, [{ keyword: 'imago:provenance', text }]))).toBeNull();
    }
  });
});

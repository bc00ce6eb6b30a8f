import { describe, expect, it } from 'vitest';
import type { StoredTensor } from '../../src-main/engine/safetensors.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src-main/engine/safetensors.ts';

const content = {
  metadata: { format: 'test', über: 'ü' },
  tensors: new Map<string, StoredTensor>([
    ['weights', { type: 'F32', shape: [2, 3], data: Float32Array.of(1, -2, 3.5, NaN, -0, 1e-30) }],
    ['count', { type: 'I64', shape: [1], data: BigInt64Array.of(-(2n ** 53n)) }],
    ['flags', { type: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) }],
    ['index', { type: 'I32', shape: [], data: Int32Array.of(-7) }],
    ['nothing', { type: 'F32', shape: [0, 4], data: new Float32Array(0) }],
  ]),
};

/** A file with a header of the caller's making. */
const handmade = (header: unknown, body: Uint8Array): Uint8Array => {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, body]);
};

const refusal = (bytes: Uint8Array) => {
  try {
    decodeSafetensors(bytes, 'some/00000007.safetensors');
  } catch (error) {
    return error;
  }
  return 'accepted';
};

describe('a safetensors file', () => {
  it('gives back names, shapes, types, bits and metadata', () => {
    const read = decodeSafetensors(encodeSafetensors(content), 'file');
    expect(read.metadata).toEqual(content.metadata);
    expect(new Map([...read.tensors].sort())).toEqual(new Map([...content.tensors].sort()));
  });

  it('has the same bytes whatever the order its parts came in', () => {
    const reversed = {
      metadata: Object.fromEntries(Object.entries(content.metadata).reverse()),
      tensors: new Map([...content.tensors].reverse()),
    };
    expect(encodeSafetensors(reversed)).toEqual(encodeSafetensors(content));
  });

  it('follows the published layout', () => {
    const bytes = Buffer.from(encodeSafetensors(content));
    const headerBytes = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes));
    expect(headerBytes % 8).toBe(0);
    expect(header.weights).toMatchObject({ dtype: 'F32', shape: [2, 3] });
    const [begin, end] = header.weights.data_offsets;
    expect(end - begin).toBe(24);
    expect(bytes.readFloatLE(8 + headerBytes + begin + 8)).toBe(3.5);
  });

  it('refuses a shape that the data does not fill', () => {
    const tensors = new Map<string, StoredTensor>([
      ['short', { type: 'F32', shape: [3], data: Float32Array.of(1) }],
    ]);
    expect(() => encodeSafetensors({ metadata: {}, tensors })).toThrow(RangeError);
  });

  it('is refused by name when cut anywhere', () => {
    const whole = encodeSafetensors(content);
    for (let length = 0; length < whole.length; length += 7) {
      expect(refusal(whole.subarray(0, length))).toMatchObject({
        code: 'checkpoint-corrupt',
        details: { file: 'some/00000007.safetensors' },
      });
    }
  });

  const body = new Uint8Array(8);
  const entry = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  it.each<[string, Uint8Array]>([
    ['of another format', Buffer.from('\x89PNG\r\n\x1a\n and so on, long enough')],
    ['whose header is no JSON', handmade('{"a":', body)],
    ['whose header is a list', handmade('[]', new Uint8Array(0))],
    ['of an unknown type', handmade({ a: { ...entry, dtype: 'F8' } }, body)],
    ['of a negative size', handmade({ a: { ...entry, shape: [-2] } }, body)],
    ['of a size that its offsets contradict', handmade({ a: { ...entry, shape: [3] } }, body)],
    ['with backward offsets', handmade({ a: { ...entry, data_offsets: [8, 0] } }, body)],
    ['with a hole', handmade({ a: { ...entry, data_offsets: [4, 12] } }, new Uint8Array(12))],
    ['with an overlap', handmade({ a: entry, b: { ...entry, data_offsets: [4, 12] } }, new Uint8Array(12))],
    ['with bytes left over', handmade({ a: entry }, new Uint8Array(9))],
    ['with metadata that are no texts', handmade({ __metadata__: { a: 1 }, a: entry }, body)],
  ])('%s is refused', (_, bytes) => {
    expect(refusal(bytes)).toMatchObject({ code: 'checkpoint-corrupt' });
  });

  it('made by hand to the letter is accepted', () => {
    expect(decodeSafetensors(handmade({ a: entry }, body), 'file').tensors.get('a')!.shape).toEqual([2]);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../src-main/engine/backends/open-backend.ts';
import { buildKernels } from '../../src-main/engine/kernels/build.ts';
import { createCodebook } from '../../src-main/engine/models/codebook.ts';
import { createDeclaredWeights } from '../../src-main/engine/models/network-state.ts';
import {
  declareTransformer,
  emptyMemory,
  foresee,
  foreseeNext,
  forget,
} from '../../src-main/engine/models/transformer.ts';
import { vqvaeTransformer } from '../../src-main/engine/models/vqvae-transformer.ts';
import { chooseWord, uniformOf } from '../../src-main/engine/models/word-choice.ts';
import { normals } from '../../src-main/engine/random.ts';
import { smallConfig } from './engine-fixtures.ts';
import { pictures, trainOn } from './model-fixtures.ts';

beforeAll(async () => {
  await buildKernels();
  await openBackend('wasm');
}, 60_000);

describe('a vocabulary', () => {
  /** Vectors around (1, 0) and (0, 1) in turn. */
  const clusters = () =>
    tf.tensor2d(
      Array.from({ length: 64 }, (_, row) => {
        const [a, b] = normals(row, 'scatter', 0, 2);
        return [(row % 2) + a! * 0.05, ((row + 1) % 2) + b! * 0.05];
      }),
    );

  it('moves its words to what they stand for, and gives idle ones a new meaning', () => {
    // The third word is far from everything.
    const book = createCodebook(3, 2, 0.8, Float32Array.from([0.4, 0.1, 0.1, 0.4, 50, 50]));
    const vectors = clusters();
    let inUse = 0;
    for (let step = 0; step < 40; step++) {
      inUse = tf.tidy(() => book.follow(vectors, book.nearest(vectors), 1, step));
    }
    const words = book.state.get('words')!.arraySync() as number[][];
    for (const [a, b] of words)
      expect(Math.min(Math.hypot(a! - 1, b!), Math.hypot(a!, b! - 1))).toBeLessThan(0.2);
    expect(inUse).toBe(1);
    const codes = book.nearest(vectors);
    const error = tf.tidy(() => tf.mean(tf.squaredDifference(book.words(codes), vectors)).dataSync()[0]!);
    expect(error).toBeLessThan(0.01);
    vectors.dispose();
    book.dispose();
  });
});

describe('the choice of a word', () => {
  const logits = [Math.log(0.5), Math.log(0.3), Math.log(0.15), Math.log(0.05)];
  const all = { temperature: 1, topK: 0, topP: 1 };
  const shares = (choice: typeof all) => {
    const counts = [0, 0, 0, 0];
    for (const chance of normals(1, 'chances', 0, 4000))
      counts[chooseWord(logits, choice, chance)]! += 1 / 4000;
    return counts;
  };

  it('follows the probabilities', () => {
    shares(all).forEach((share, word) => expect(share).toBeCloseTo(Math.exp(logits[word]!), 1));
  });

  it('keeps to the likeliest words where it is told to', () => {
    expect(shares({ ...all, topK: 2 }).slice(2)).toEqual([0, 0]);
    expect(shares({ ...all, topK: 1 })[0]).toBeCloseTo(1, 5);
    // 0.5 and 0.3 are not yet 0.9, with 0.15 they are.
    const nucleus = shares({ ...all, topP: 0.9 });
    expect(nucleus[2]).toBeGreaterThan(0);
    expect(nucleus[3]).toBe(0);
    expect(shares({ ...all, topP: 0.05 })[0]).toBeCloseTo(1, 5);
  });

  it('dares less when it is cold', () => {
    expect(shares({ ...all, temperature: 0.2 })[0]).toBeGreaterThan(0.9);
    expect(shares({ ...all, temperature: 2 })[3]).toBeGreaterThan(0.08);
  });

  it('takes a normal number for its place in the distribution', () => {
    expect(uniformOf(0)).toBeCloseTo(0.5, 6);
    expect(uniformOf(1.959964)).toBeCloseTo(0.975, 5);
    expect(uniformOf(-1.959964)).toBeCloseTo(0.025, 5);
  });
});

describe('the Transformer', () => {
  const shape = { words: 7, positions: 6, beginnings: 3, size: 8, layers: 2, heads: 2 };
  const weights = () => createDeclaredWeights(declareTransformer(shape), 3, 'transformer');
  const row = [1, 5, 2, 6, 0, 3];

  it('never looks ahead', () => {
    const made = weights();
    const logits = (words: number[]) =>
      tf.tidy(() => foresee(shape, made, Int32Array.from(words), Int32Array.from([1])).arraySync());
    const [before, after] = [logits(row), logits([...row.slice(0, 3), 4, 4, 4])];
    expect(after.slice(0, 4)).toEqual(before.slice(0, 4));
    expect(after[4]).not.toEqual(before[4]);
    tf.dispose([...made.values()]);
  });

  it('foresees one word after the other as it does all at once', () => {
    const made = weights();
    const whole = tf.tidy(() =>
      foresee(shape, made, Int32Array.from([...row, ...row].reverse()), Int32Array.from([1, 2])).arraySync(),
    );
    const words = [...row, ...row].reverse();
    const memory = emptyMemory(shape);
    for (let position = 0; position < shape.positions; position++) {
      const previous = position === 0 ? [1, 2] : [words[position - 1]!, words[6 + position - 1]!];
      const next = tf.tidy(() =>
        foreseeNext(shape, made, memory, Int32Array.from(previous), position).arraySync(),
      );
      for (const picture of [0, 1]) {
        next[picture]!.forEach((logit, word) => {
          expect(logit).toBeCloseTo(whole[picture * 6 + position]![word]!, 4);
        });
      }
    }
    forget(memory);
    tf.dispose([...made.values()]);
  });
});

describe('a model of picture words', () => {
  const config = smallConfig('vqvae-transformer-28');

  it('learns to take pictures apart, and what follows what', () => {
    const model = vqvaeTransformer.build(
      smallConfig('vqvae-transformer-28', { learningRate: 0.005, batchSize: 8 }),
    );
    const halves = tf.tidy(() => {
      const [white, black] = [tf.fill([8, 28, 14, 1], 0.9), tf.fill([8, 28, 14, 1], -0.9)];
      return tf.concat([white, black], 2) as tf.Tensor4D;
    });
    const first = model.trainStep(halves, 0);
    let last = first;
    for (let step = 1; step < 120; step++) last = model.trainStep(halves, step);
    halves.dispose();
    expect(last.reconstructionLoss).toBeLessThan(first.reconstructionLoss! / 4);
    expect(last.tokenLoss).toBeLessThan(first.tokenLoss! / 4);
    model.dispose();
  });

  it('completes a picture from its upper rows, which stay as they are', () => {
    const model = vqvaeTransformer.build(config);
    trainOn(model, 0, 3);
    const images = tf.tidy(() => tf.slice(pictures(config), [0, 0, 0, 0], [2, -1, -1, -1]));
    const own = [...images.dataSync()];
    /** Another picture below the rows that are kept. */
    const complete = (rows: [number, number], seeds: [number, number], below = images) =>
      tf.tidy(() => {
        const keeps = tf.tensor4d(
          rows.flatMap((kept) => Array.from({ length: 28 * 28 }, (_, at) => (at < kept * 28 ? 1 : 0))),
          [2, 28, 28, 1],
        );
        const brought = tf.add(tf.mul(images, keeps), tf.mul(below, tf.sub(1, keeps))) as tf.Tensor4D;
        return [...model.repair({ pictures: brought, mask: keeps, seeds }).dataSync()];
      });
    const [one, other] = [complete([16, 10], [1, 2]), complete([16, 10], [3, 2])];
    expect(one.slice(0, 16 * 28)).toEqual(own.slice(0, 16 * 28));
    expect(one.slice(784, 784 + 10 * 28)).toEqual(own.slice(784, 784 + 10 * 28));
    expect(one.slice(16 * 28, 784)).not.toEqual(own.slice(16 * 28, 784));
    // Each by its own seed and rows: the second one stays as it was.
    expect(one.slice(0, 784)).not.toEqual(other.slice(0, 784));
    expect(one.slice(784)).toEqual(other.slice(784));
    expect(complete([4, 10], [1, 2]).slice(784)).toEqual(one.slice(784));
    // What lies below is not looked at.
    const white = tf.onesLike(images);
    expect(complete([16, 10], [1, 2], white)).toEqual(one);
    tf.dispose([images, white]);
    model.dispose();
  });
});

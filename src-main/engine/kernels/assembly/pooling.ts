/** The gradient of the largest in a window: it goes to the first pixel that is the largest. */
import { ConvolutionJob, inside } from './picture';
import { rangeStart } from './vector';

/**
 * output[input pixel] = sum of the gradients of those windows in which it is the first largest. Of the job,
 * `filter` is the address of the gradient and `output` that of the result, in the shape of the input; threads
 * share the pictures.
 */
export function largestGradient(job: ConvolutionJob, index: i32, count: i32): void {
  const channels = job.inputChannels;
  const pictureFloats = job.inputHeight * job.inputWidth * channels;
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.input + <usize>n * pictureFloats * 4;
    const target = <usize>job.output + <usize>n * pictureFloats * 4;
    let gradient = <usize>job.filter + <usize>(n * job.outputHeight * job.outputWidth * channels) * 4;
    memory.fill(target, 0, <usize>pictureFloats * 4);
    for (let row = 0; row < job.outputHeight; row++) {
      for (let column = 0; column < job.outputWidth; column++) {
        const top = row * job.stride - job.paddingTop;
        const left = column * job.stride - job.paddingLeft;
        for (let c = 0; c < channels; c++) {
          let best: usize = 0;
          let largest: f32 = -Infinity;
          for (let a = 0; a < job.filterHeight; a++) {
            if (!inside(top + a, job.inputHeight)) continue;
            for (let b = 0; b < job.filterWidth; b++) {
              if (!inside(left + b, job.inputWidth)) continue;
              const offset = <usize>(((top + a) * job.inputWidth + left + b) * channels + c) * 4;
              const value = f32.load(picture + offset);
              if (value > largest) {
                largest = value;
                best = target + offset;
              }
            }
          }
          if (best != 0) f32.store(best, f32.load(best) + f32.load(gradient));
          gradient += 4;
        }
      }
    }
  }
}

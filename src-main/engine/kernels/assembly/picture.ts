/** What all kernels over pictures share. */
import { BLOCK_COLUMNS } from './micro-kernel';
import { activate } from './vector';

@unmanaged
export class ConvolutionJob {
  input: u32;
  filter: u32;
  output: u32;
  /** Address of one float per channel of what is written, or 0 for none. */
  bias: u32;
  activation: i32;
  batch: i32;
  inputHeight: i32;
  inputWidth: i32;
  inputChannels: i32;
  outputHeight: i32;
  outputWidth: i32;
  outputChannels: i32;
  filterHeight: i32;
  filterWidth: i32;
  stride: i32;
  paddingTop: i32;
  paddingLeft: i32;
}

@inline
export function inside(value: i32, limit: i32): bool {
  return <u32>value < <u32>limit;
}

@inline
export function taps(job: ConvolutionJob): i32 {
  return job.filterHeight * job.filterWidth;
}

/** Bytes of the panels of a right side. */
@inline
export function paddedPanels(columns: i32, depth: i32): usize {
  return <usize>((columns + BLOCK_COLUMNS - 1) & ~(BLOCK_COLUMNS - 1)) * depth * 4;
}

/** Fills pixels with the bias of their channels, or with zero where there is none. */
export function fillWithBias(target: usize, length: i32, channels: i32, bias: usize): void {
  if (bias == 0) {
    memory.fill(target, 0, <usize>length * 4);
    return;
  }
  const bytes = <usize>channels * 4;
  const end = target + <usize>length * 4;
  if (channels % 4 == 0) {
    for (let pixel = target; pixel < end; pixel += bytes) {
      for (let c: usize = 0; c < bytes; c += 16) v128.store(pixel + c, v128.load(bias + c));
    }
    return;
  }
  for (let pixel = target; pixel < end; pixel += bytes) {
    for (let c: usize = 0; c < bytes; c += 4) f32.store(pixel + c, f32.load(bias + c));
  }
}

export function activateInPlace(target: usize, length: i32, activation: i32): void {
  const vectorEnd = target + (<usize>length & ~3) * 4;
  for (; target < vectorEnd; target += 16) v128.store(target, activate(v128.load(target), activation));
  for (let rest = length & 3; rest > 0; rest--) {
    f32.store(target, f32x4.extract_lane(activate(v128.load32_splat(target), activation), 0));
    target += 4;
  }
}

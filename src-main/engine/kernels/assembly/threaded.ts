/**
 * Entry of the threaded builds: the same kernels, and a fork and join in shared memory.
 *
 * One job runs at a time, in parts that threads take one after the other. So a thread that the system has
 * put aside, or a slow core, holds up no more than the part it has in hand. Waiting begins with a short
 * spin, because the next job usually follows within microseconds.
 */
import { run } from './index';
export { bytesWithNumbers, run, scratchBytes, writeNumbers } from './index';

@unmanaged
class Control {
  /** Raised by one for each job; what the threads wait on. */
  sequence: i32;
  /** Parts that are finished. */
  done: i32;
  /** Parts that nobody has taken yet; may fall below zero. */
  remaining: i32;
  /** Kernel number, or 0 to end the threads. */
  kernel: i32;
  job: u32;
  parts: i32;
  scratch: u32;
  scratchStride: u32;
}

const SPINS: i32 = 20000;

/**
 * Takes parts until none is left. The fields of the job are read only with a part in hand: as long as that
 * is not finished, no other job can be posted.
 */
function work(address: usize, scratchIndex: i32): void {
  const control = changetype<Control>(address);
  const doneAddress = address + offsetof<Control>('done');
  const remainingAddress = address + offsetof<Control>('remaining');
  while (true) {
    const part = atomic.sub<i32>(remainingAddress, 1) - 1;
    if (part < 0) return;
    const parts = control.parts;
    const scratch = <usize>control.scratch + <usize>scratchIndex * control.scratchStride;
    run(control.kernel, control.job, part, parts, scratch);
    if (atomic.add<i32>(doneAddress, 1) + 1 == parts) atomic.notify(doneAddress, 1);
  }
}

/** The life of thread `index` (from 1); returns when the pool is closed. */
export function serve(address: usize, index: i32, seen: i32): void {
  const control = changetype<Control>(address);
  while (true) {
    let spins = 0;
    while (atomic.load<i32>(address) == seen) {
      if (++spins > SPINS) {
        atomic.wait<i32>(address, seen, -1);
        spins = 0;
      }
    }
    seen = atomic.load<i32>(address);
    if (control.kernel == 0) return;
    work(address, index);
  }
}

/** Runs a job in `parts` parts, on this thread and all others, and returns when all are done. */
export function runShared(
  address: usize,
  kernel: i32,
  job: usize,
  parts: i32,
  scratch: usize,
  scratchStride: usize,
): void {
  const control = changetype<Control>(address);
  const doneAddress = address + offsetof<Control>('done');
  control.kernel = kernel;
  control.job = <u32>job;
  control.parts = parts;
  control.scratch = <u32>scratch;
  control.scratchStride = <u32>scratchStride;
  atomic.store<i32>(doneAddress, 0);
  atomic.store<i32>(address + offsetof<Control>('remaining'), kernel == 0 ? 0 : parts);
  atomic.add<i32>(address, 1);
  atomic.notify(address, -1);
  if (kernel == 0) return;
  work(address, 0);
  let spins = 0;
  while (true) {
    const done = atomic.load<i32>(doneAddress);
    if (done == parts) return;
    if (++spins > SPINS) {
      atomic.wait<i32>(doneAddress, done, 1000000);
      spins = 0;
    }
  }
}

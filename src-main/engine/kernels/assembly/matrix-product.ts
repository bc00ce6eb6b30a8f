/** C[rows, columns] = activation(op(A) op(B) (+ C) + bias), where op transposes or not, for a whole batch. */
import {
  block,
  BLOCK_COLUMNS,
  BLOCK_ROWS,
  clearEdge,
  DEPTH_BLOCK,
  EDGE_BYTES,
  ROWS_PACKED,
} from './micro-kernel';
import { packLeft, packRight, ROW_LIST_BYTES } from './packing';

@unmanaged
export class MatrixProductJob {
  transposeLeft: i32;
  transposeRight: i32;
  rows: i32;
  columns: i32;
  depth: i32;
  left: u32;
  right: u32;
  output: u32;
  /** Address of `columns` floats, or 0 for none; not together with `accumulate`. */
  bias: u32;
  activation: i32;
  /** Whether the product is added to what stands in C. */
  accumulate: i32;
  batch: i32;
  /** Bytes from one matrix of the batch to the next; 0 on a side that is the same for all. */
  leftStride: u32;
  rightStride: u32;
  outputStride: u32;
}

/** Floats of the right side packed at a time; bounds the scratch of a very large product. */
const RIGHT_FLOATS: i32 = 2 << 20;

@inline
function columnsPerPass(job: MatrixProductJob): i32 {
  const fitting = RIGHT_FLOATS / max(1, job.depth) / BLOCK_COLUMNS;
  return max(1, fitting) * BLOCK_COLUMNS;
}

export function matrixProductScratch(job: MatrixProductJob): usize {
  const columns = min(columnsPerPass(job), (job.columns + BLOCK_COLUMNS - 1) & ~(BLOCK_COLUMNS - 1));
  return EDGE_BYTES + ROW_LIST_BYTES + <usize>(ROWS_PACKED * DEPTH_BLOCK + columns * job.depth) * 4;
}

function productRange(
  job: MatrixProductJob,
  matrix: i32,
  rowFrom: i32,
  rowTo: i32,
  columnFrom: i32,
  columnTo: i32,
  scratch: usize,
): void {
  const depth = job.depth;
  const columns = job.columns;
  const leftMatrix = <usize>job.left + <usize>matrix * job.leftStride;
  const rightMatrix = <usize>job.right + <usize>matrix * job.rightStride;
  const outputMatrix = <usize>job.output + <usize>matrix * job.outputStride;
  const rowList = scratch + EDGE_BYTES;
  const leftPanels = rowList + ROW_LIST_BYTES;
  const rightPanels = leftPanels + ROWS_PACKED * DEPTH_BLOCK * 4;
  const leftWidth = job.transposeLeft ? job.rows : depth;
  const rightWidth = job.transposeRight ? depth : columns;
  const stride = <usize>columns * 4;
  packRight(job.transposeRight != 0, rightMatrix, rightWidth, depth, columnFrom, columnTo, rightPanels);
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const length = min(DEPTH_BLOCK, depth - k);
    const last = k + length >= depth;
    const activation = last ? job.activation : 0;
    const accumulate = k > 0 || job.accumulate != 0;
    for (let i = rowFrom; i < rowTo; i += ROWS_PACKED) {
      const packed = min(ROWS_PACKED, rowTo - i);
      for (let r = 0; r < packed; r += BLOCK_ROWS) {
        const rows = min(BLOCK_ROWS, packed - r);
        const panel = leftPanels + r * length * 4;
        packLeft(job.transposeLeft != 0, leftMatrix, leftWidth, i + r, rows, k, length, panel, rowList);
      }
      for (let j = columnFrom; j < columnTo; j += BLOCK_COLUMNS) {
        const right = rightPanels + (<usize>(j - columnFrom) * depth + k * BLOCK_COLUMNS) * 4;
        const bias = k == 0 && job.bias != 0 ? <usize>job.bias + <usize>j * 4 : 0;
        const width = min(BLOCK_COLUMNS, columnTo - j);
        for (let r = 0; r < packed; r += BLOCK_ROWS) {
          const output = outputMatrix + <usize>(i + r) * stride + <usize>j * 4;
          const rows = min(BLOCK_ROWS, packed - r);
          const left = leftPanels + r * length * 4;
          block(length, left, right, output, stride, rows, width, accumulate, bias, activation, scratch);
        }
      }
    }
  }
}

/**
 * Threads share the batch and, within a matrix, its longer side in whole blocks; the depth is never split,
 * so the bits do not depend on their number.
 */
export function matrixProduct(job: MatrixProductJob, index: i32, count: i32, scratch: usize): void {
  const byColumns = job.columns >= job.rows;
  const side = byColumns ? job.columns : job.rows;
  const group = byColumns ? BLOCK_COLUMNS : BLOCK_ROWS;
  const blocks = (side + group - 1) / group;
  const from = <i32>((<i64>job.batch * blocks * index) / count);
  const to = <i32>((<i64>job.batch * blocks * (index + 1)) / count);
  const pass = columnsPerPass(job);
  clearEdge(scratch);
  for (let matrix = from / blocks; matrix * blocks < to; matrix++) {
    const start = max(0, from - matrix * blocks) * group;
    const end = min(side, (to - matrix * blocks) * group);
    const rowFrom = byColumns ? 0 : start;
    const rowTo = byColumns ? job.rows : end;
    const columnTo = byColumns ? end : job.columns;
    for (let j = byColumns ? start : 0; j < columnTo; j += pass) {
      productRange(job, matrix, rowFrom, rowTo, j, min(columnTo, j + pass), scratch);
    }
  }
}

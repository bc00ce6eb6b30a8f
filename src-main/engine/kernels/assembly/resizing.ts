/**
 * Pictures [batch, height, width, channel] of another size, by the nearest pixel or by bilinear interpolation,
 * and the gradients of both; places are found by tfjs's rules. Threads share the pictures.
 */
import { rangeStart } from './vector';

@unmanaged
export class ResizingJob {
  /** The small or large picture that is read, or the gradient. */
  input: u32;
  output: u32;
  batch: i32;
  channels: i32;
  /** Before resizing, whichever of the two is read. */
  height: i32;
  width: i32;
  /** After resizing. */
  newHeight: i32;
  newWidth: i32;
  bilinear: i32;
  alignCorners: i32;
  halfPixelCenters: i32;
}

@inline
function scaleOf(from: i32, to: i32, alignCorners: i32): f32 {
  return alignCorners != 0 && to > 1 ? <f32>(from - 1) / <f32>(to - 1) : <f32>from / <f32>to;
}

@inline
function placeOf(i: i32, scale: f32, job: ResizingJob): f32 {
  if (job.halfPixelCenters == 0) return <f32>i * scale;
  return (<f32>i + 0.5) * scale - (job.bilinear != 0 ? <f32>0.5 : <f32>0);
}

@inline
function nearestOf(place: f32, extent: i32, job: ResizingJob): i32 {
  const rounded = job.alignCorners != 0 ? floor<f32>(place + 0.5) : floor<f32>(place);
  return min(extent - 1, max(0, <i32>rounded));
}

export function resize(job: ResizingJob, index: i32, count: i32): void {
  const pixelBytes = <usize>job.channels << 2;
  const rowScale = scaleOf(job.height, job.newHeight, job.alignCorners);
  const columnScale = scaleOf(job.width, job.newWidth, job.alignCorners);
  const lines = job.batch * job.newHeight;
  const end = rangeStart(lines, 1, index + 1, count);
  for (let line = rangeStart(lines, 1, index, count); line < end; line++) {
    const n = line / job.newHeight;
    const rowPlace = placeOf(line - n * job.newHeight, rowScale, job);
    const picture = <usize>job.input + <usize>(n * job.height * job.width) * pixelBytes;
    let target = <usize>job.output + <usize>(line * job.newWidth) * pixelBytes;
    if (job.bilinear == 0) {
      const row = picture + <usize>(nearestOf(rowPlace, job.height, job) * job.width) * pixelBytes;
      for (let column = 0; column < job.newWidth; column++) {
        const nearest = nearestOf(placeOf(column, columnScale, job), job.width, job);
        const source = row + <usize>nearest * pixelBytes;
        let c: usize = 0;
        for (; c + 16 <= pixelBytes; c += 16) v128.store(target + c, v128.load(source + c));
        for (; c < pixelBytes; c += 4) f32.store(target + c, f32.load(source + c));
        target += pixelBytes;
      }
      continue;
    }
    const upper = max(0, <i32>floor<f32>(rowPlace));
    const lower = max(0, min(job.height - 1, <i32>ceil<f32>(rowPlace)));
    const rowShare = rowPlace - floor<f32>(rowPlace);
    const above = picture + <usize>(upper * job.width) * pixelBytes;
    const below = picture + <usize>(lower * job.width) * pixelBytes;
    for (let column = 0; column < job.newWidth; column++) {
      const place = placeOf(column, columnScale, job);
      const left = <usize>max(0, <i32>floor<f32>(place)) * pixelBytes;
      const right = <usize>max(0, min(job.width - 1, <i32>ceil<f32>(place))) * pixelBytes;
      const columnShare = place - floor<f32>(place);
      let c: usize = 0;
      const rows = f32x4.splat(rowShare);
      const columns = f32x4.splat(columnShare);
      for (; c + 16 <= pixelBytes; c += 16) {
        const a = v128.load(above + left + c);
        const b = v128.load(below + left + c);
        const top = f32x4.add(a, f32x4.mul(f32x4.sub(v128.load(above + right + c), a), columns));
        const bottom = f32x4.add(b, f32x4.mul(f32x4.sub(v128.load(below + right + c), b), columns));
        v128.store(target + c, f32x4.add(top, f32x4.mul(f32x4.sub(bottom, top), rows)));
      }
      for (; c < pixelBytes; c += 4) {
        const a = f32.load(above + left + c);
        const b = f32.load(below + left + c);
        const top = a + (f32.load(above + right + c) - a) * columnShare;
        const bottom = b + (f32.load(below + right + c) - b) * columnShare;
        f32.store(target + c, top + (bottom - top) * rowShare);
      }
      target += pixelBytes;
    }
  }
}

@inline
function addScaled(target: usize, source: usize, bytes: usize, share: f32): void {
  let c: usize = 0;
  const shares = f32x4.splat(share);
  for (; c + 16 <= bytes; c += 16) {
    v128.store(target + c, f32x4.add(v128.load(target + c), f32x4.mul(v128.load(source + c), shares)));
  }
  for (; c < bytes; c += 4) f32.store(target + c, f32.load(target + c) + f32.load(source + c) * share);
}

/** Every pixel of the gradient goes back to the pixels that made it, by their shares. */
export function resizeGradient(job: ResizingJob, index: i32, count: i32): void {
  const pixelBytes = <usize>job.channels << 2;
  const rowScale = scaleOf(job.height, job.newHeight, job.alignCorners);
  const columnScale = scaleOf(job.width, job.newWidth, job.alignCorners);
  const pictureBytes = <usize>(job.height * job.width) * pixelBytes;
  const end = rangeStart(job.batch, 1, index + 1, count);
  for (let n = rangeStart(job.batch, 1, index, count); n < end; n++) {
    const picture = <usize>job.output + <usize>n * pictureBytes;
    let source = <usize>job.input + <usize>(n * job.newHeight * job.newWidth) * pixelBytes;
    memory.fill(picture, 0, pictureBytes);
    for (let row = 0; row < job.newHeight; row++) {
      const rowPlace = placeOf(row, rowScale, job);
      const nearestRow = nearestOf(rowPlace, job.height, job);
      const upper = max(0, <i32>floor<f32>(rowPlace));
      const lower = max(0, min(job.height - 1, <i32>ceil<f32>(rowPlace)));
      const rowShare = rowPlace - floor<f32>(rowPlace);
      for (let column = 0; column < job.newWidth; column++) {
        const place = placeOf(column, columnScale, job);
        if (job.bilinear == 0) {
          const pixel = nearestRow * job.width + nearestOf(place, job.width, job);
          addScaled(picture + <usize>pixel * pixelBytes, source, pixelBytes, 1);
        } else {
          const left = max(0, <i32>floor<f32>(place));
          const right = max(0, min(job.width - 1, <i32>ceil<f32>(place)));
          const share = place - floor<f32>(place);
          const rest: f32 = 1 - share;
          const above: f32 = 1 - rowShare;
          const upperRow = picture + <usize>(upper * job.width) * pixelBytes;
          const lowerRow = picture + <usize>(lower * job.width) * pixelBytes;
          addScaled(upperRow + <usize>left * pixelBytes, source, pixelBytes, above * rest);
          addScaled(upperRow + <usize>right * pixelBytes, source, pixelBytes, above * share);
          addScaled(lowerRow + <usize>left * pixelBytes, source, pixelBytes, rowShare * rest);
          addScaled(lowerRow + <usize>right * pixelBytes, source, pixelBytes, rowShare * share);
        }
        source += pixelBytes;
      }
    }
  }
}

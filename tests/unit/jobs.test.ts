import { describe, expect, it } from 'vitest';
import { createChannel } from '../../src-main/studio/channel.ts';
import { createJobs } from '../../src-main/studio/jobs.ts';

describe('a job', () => {
  it('tells what it made, and its progress', async () => {
    const jobs = createJobs();
    const { job, finished } = jobs.start('import', 'Faces', async (control) => {
      control.result('dataset-1');
      control.progress(3, 3);
      return 'made';
    });
    expect(job.state).toBe('running');
    expect(await finished).toBe('made');
    expect(jobs.list()).toEqual([
      expect.objectContaining({ subject: 'Faces', state: 'done', done: 3, total: 3, resultId: 'dataset-1' }),
    ]);
  });

  it('that is cancelled ends as cancelled, whatever its work throws', async () => {
    const jobs = createJobs();
    const { job, finished } = jobs.start(
      'export',
      'set',
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('torn')))),
    );
    jobs.cancel(job.id);
    await expect(finished).rejects.toMatchObject({ code: 'cancelled' });
    expect(jobs.list()[0]).toMatchObject({ state: 'cancelled', failure: { code: 'cancelled' } });
  });

  it('that fails keeps its reason and disturbs nobody', async () => {
    const jobs = createJobs();
    jobs.start('version', 'x', async () => {
      throw new Error('broken');
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(jobs.list()[0]).toMatchObject({
      state: 'failed',
      failure: { code: 'unexpected', message: 'broken' },
    });
  });

  it('is watched from before it started to its end', async () => {
    const jobs = createJobs();
    const seen: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      for await (const job of jobs.watch(stop.signal)) {
        seen.push(job.state);
        if (job.state === 'done') stop.abort();
      }
    })();
    await jobs.start('import', 'x', async () => 1).finished;
    await watching;
    expect(seen.at(-1)).toBe('done');
  });

  it('that nobody knows cannot be cancelled', () => {
    expect(() => createJobs().cancel('job-0')).toThrowError(expect.objectContaining({ code: 'not-found' }));
  });
});

describe('a channel', () => {
  it('gives each follower the present first and then everything in order', async () => {
    const channel = createChannel<number>();
    const stop = new AbortController();
    const follow = async () => {
      const seen: number[] = [];
      for await (const value of channel.follow(() => [0], stop.signal)) {
        seen.push(value);
        if (value === 3) break;
      }
      return seen;
    };
    const both = Promise.all([follow(), follow()]);
    for (const value of [1, 2, 3]) channel.send(value);
    expect(await both).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
  });

  it('ends a follower that waits when its signal aborts', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const value of createChannel<number>().follow(() => [], stop.signal)) seen.push(value);
    })();
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await following;
    expect(seen).toEqual([]);
  });
});

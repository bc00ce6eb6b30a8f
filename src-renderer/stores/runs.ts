import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Run } from '../../src-main/contract/domain/runs.ts';
import type { Failure } from '../../src-main/contract/errors.ts';
import { failureOf } from '../client/failure.ts';
import { follow } from '../client/follow.ts';
import { useClient } from '../client/studio-client.ts';

/** The runs of the workspace as the studio tells them, newest first. */
export const useRuns = defineStore('runs', () => {
  const client = useClient();
  const byId = shallowRef<ReadonlyMap<string, Run>>(new Map());
  const loaded = ref(false);
  const failure = shallowRef<Failure | null>(null);
  let following = false;

  const runs = computed(() => [...byId.value.values()].sort((a, b) => b.createdAt - a.createdAt));
  /** Runs that wait for their turn, the next one first. */
  const queue = computed(() => runs.value.filter((run) => run.state === 'queued').reverse());

  function take(run: Run) {
    const known = new Map(byId.value);
    if (run.trashedAt === null) known.set(run.id, run);
    else known.delete(run.id);
    byId.value = known;
  }

  async function refresh() {
    byId.value = new Map((await client.runs.list({})).map((run) => [run.id, run]));
    loaded.value = true;
  }

  /** Follows every run from now on; calling it again changes nothing. */
  function start() {
    if (following) return;
    following = true;
    const { signal } = new AbortController();
    const subscribe = async () => {
      await refresh();
      return client.runs.watchAll(undefined, { signal });
    };
    follow(subscribe, take, { signal }).catch((error: unknown) => {
      following = false;
      failure.value = failureOf(error);
    });
  }

  async function rename(id: string, name: string) {
    take(await client.runs.rename({ id, name }));
  }

  async function trash(id: string) {
    await client.runs.trash({ id });
    const rest = new Map(byId.value);
    rest.delete(id);
    byId.value = rest;
  }

  async function restore(id: string) {
    await client.runs.restore({ id });
    await refresh();
  }

  return { byId, runs, queue, loaded, failure, start, refresh, take, rename, trash, restore };
});

import type { Studio } from '../studio/studio.ts';
import type { Procedures } from './procedures.ts';

export const runsRouter = (procedures: Procedures['runs'], studio: Studio) => ({
  list: procedures.list.handler(({ input }) => studio.runs.list(input.projectId)),
  get: procedures.get.handler(({ input }) => studio.runs.get(input.id)),
  estimate: procedures.estimate.handler(({ input }) => studio.estimates.of(input.presetId, input.settings)),
  create: procedures.create.handler(({ input }) => studio.runs.create(input)),
  planStart: procedures.planStart.handler(({ input }) => studio.runs.planStart(input)),
  fork: procedures.fork.handler(({ input }) => studio.runs.fork(input)),
  children: procedures.children.handler(({ input }) => studio.runs.children(input.id)),
  set: procedures.set.handler(({ input }) => studio.runs.set(input.id, input.settings)),
  markCheckpoint: procedures.markCheckpoint.handler(({ input }) =>
    studio.runs.markCheckpoint(input.id, input.step, input.marked),
  ),
  restart: procedures.restart.handler(({ input }) => studio.runs.restart(input.id)),
  pause: procedures.pause.handler(({ input }) => studio.runs.pause(input.id)),
  unpause: procedures.unpause.handler(({ input }) => studio.runs.unpause(input.id)),
  stop: procedures.stop.handler(({ input }) => studio.runs.stop(input.id)),
  saveNow: procedures.saveNow.handler(({ input }) => studio.runs.saveNow(input.id)),
  sampleNow: procedures.sampleNow.handler(({ input }) => studio.runs.sampleNow(input.id)),
  resume: procedures.resume.handler(({ input }) => studio.runs.resume(input.id, input.stop, input.backend)),
  rename: procedures.rename.handler(({ input }) => studio.runs.rename(input.id, input.name)),
  trash: procedures.trash.handler(({ input }) => studio.runs.trash(input.id)),
  restore: procedures.restore.handler(({ input }) => studio.runs.restore(input.id)),
  notes: procedures.notes.handler(({ input }) => studio.runs.notes(input.id)),
  metrics: procedures.metrics.handler(({ input }) => studio.runs.metrics(input.id, input.afterStep)),
  watch: procedures.watch.handler(({ input, signal }) =>
    studio.runs.watch(input.id, input.afterStep, signal),
  ),
  watchAll: procedures.watchAll.handler(({ signal }) => studio.runs.watchAll(signal)),
});

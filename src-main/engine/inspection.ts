import type { LayerRow } from '../contract/domain/estimates.ts';
import type { InspectJob, ModelConfig } from '../contract/engine-messages.ts';
import type { EngineReport } from '../contract/engine-reports.ts';
import { readCheckpoint, requireSameModel } from './checkpoint.ts';
import type { ModelFamily } from './models/family.ts';
import { frozenLayers } from './optimisation/frozen-layers.ts';
import { readStart, startFrom } from './transfer.ts';

/**
 * The layer table as plain data of its own, to be sent.
 *
 * @param taken of a run that starts from another's layers: which, `<network>.<layer>`
 */
export function layersOf(family: ModelFamily, config: ModelConfig, taken?: ReadonlySet<string>): LayerRow[] {
  const seen = new Map<string, number>();
  return family.describe(config).layers.map((layer) => {
    const { network, name, parameters, outputShape } = layer;
    const row = { ...layer, outputShape: [...outputShape], frozen: false };
    if (parameters === 0) return row;
    const place = seen.get(network) ?? 0;
    seen.set(network, place + 1);
    row.frozen = place < frozenLayers(network, config.settings);
    return taken ? { ...row, start: taken.has(`${network}.${name}`) ? 'taken' : 'fresh' } : row;
  });
}

/**
 * Reports `inspected`: the layers of the job's model. Where the job names a checkpoint, the model takes it over
 * first, so that one which does not belong to it, or is damaged, is refused here.
 *
 * @throws StudioError `checkpoint-missing`, `checkpoint-corrupt`, `checkpoint-foreign`
 */
export async function inspect(
  { config, checkpoint, startMode }: InspectJob,
  family: ModelFamily,
  report: (report: EngineReport) => Promise<void>,
): Promise<void> {
  const { parameters } = family.describe(config);
  let taken: ReadonlySet<string> | undefined;
  if (checkpoint !== null) {
    const found = startMode ? readStart(checkpoint, config) : readCheckpoint(checkpoint);
    if (!startMode) requireSameModel(found.config, config, checkpoint);
    const model = family.build(config);
    try {
      if (startMode) taken = startFrom(model, found, startMode, checkpoint);
      else model.load(found.tensors, found.step, checkpoint);
    } finally {
      model.dispose();
    }
  }
  await report({ report: 'inspected', parameters, layers: layersOf(family, config, taken) });
  await report({ report: 'finished', outcome: 'completed', step: 0, trainedMs: 0, stepMs: null });
}

import type { LayerRow } from '../contract/domain/estimates.ts';
import type { EngineReport, InspectJob } from '../contract/engine-messages.ts';
import { readCheckpoint, requireSameModel } from './checkpoint.ts';
import type { ModelDescription, ModelFamily } from './models/family.ts';

/** The layer table as plain data of its own, to be sent. */
export const layersOf = ({ layers }: ModelDescription): LayerRow[] =>
  layers.map((layer) => ({ ...layer, outputShape: [...layer.outputShape] }));

/**
 * Reports `inspected`: the layers of the job's model. Where the job names a checkpoint, the model takes it over
 * first, so that one which does not belong to it, or is damaged, is refused here.
 *
 * @throws StudioError `checkpoint-missing`, `checkpoint-corrupt`, `checkpoint-foreign`
 */
export async function inspect(
  { config, checkpoint }: InspectJob,
  family: ModelFamily,
  report: (report: EngineReport) => Promise<void>,
): Promise<void> {
  const description = family.describe(config);
  if (checkpoint !== null) {
    const found = readCheckpoint(checkpoint);
    requireSameModel(found.config, config, checkpoint);
    const model = family.build(config);
    try {
      model.load(found.tensors, found.step, checkpoint);
    } finally {
      model.dispose();
    }
  }
  await report({
    report: 'inspected',
    parameters: description.parameters,
    layers: layersOf(description),
  });
  await report({ report: 'finished', outcome: 'completed', step: 0, trainedMs: 0, stepMs: null });
}

import { computed } from 'vue';
import type { EnsembleMember } from '../../src-main/contract/ensemble.ts';
import { useAddressQuery } from './address-query.ts';
import type { GenerationOrder } from './generation.ts';

/** What the address of the generation screen says: the order on the screen, so that a reload shows it again. */
export function useGenerationAddress() {
  const address = useAddressQuery();
  const { has, text, number, sampling, write } = address;

  /** Checkpoints that draw with the first, as `run@step` one after the other. */
  const others = (): EnsembleMember[] =>
    text('with')
      .split(',')
      .flatMap((member) => {
        const [, id, at] = /^(.+)@(\d+)$/.exec(member) ?? [];
        return id === undefined ? [] : [{ runId: id, step: Number(at) }];
      });

  const order = computed<GenerationOrder | null>(() => {
    const [step, seed, count] = [number('step'), number('seed'), number('count')];
    const [jobId, runId] = [text('job'), text('run')];
    if (!jobId || !runId || step === null || seed === null || count === null) return null;
    const label = has('label') ? text('label') : null;
    return { jobId, runId, step, seed, count, label, sampling: sampling(), others: others() };
  });

  const writeOrder = (made: GenerationOrder) => {
    const members = made.others.map((member) => `${member.runId}@${member.step}`);
    return write({
      ...{ run: made.runId, step: String(made.step), seed: String(made.seed), count: String(made.count) },
      ...(made.label === null ? {} : { label: made.label }),
      ...(Object.keys(made.sampling).length === 0 ? {} : { sampling: JSON.stringify(made.sampling) }),
      ...(members.length === 0 ? {} : { with: members.join(',') }),
      job: made.jobId,
    });
  };

  return { ...address, others, order, writeOrder };
}

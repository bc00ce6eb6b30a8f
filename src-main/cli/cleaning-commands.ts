import { InvalidArgumentError, type Command } from 'commander';
import type { CleaningOverview, Finding, FindingKind } from '../contract/domain/cleaning.ts';
import { findingKinds } from '../contract/domain/cleaning.ts';
import { findByIdOrName, follow, printResult, withCommonOptions, withStudio } from './session.ts';
import type { CommonOptions } from './session.ts';

interface CleanOptions extends CommonOptions {
  accept?: FindingKind[];
  reject?: FindingKind[];
  undo?: boolean;
  list?: FindingKind;
  learn: boolean;
}

/** How many findings `--list` prints. */
const mostListed = 1000;

/** `imago clean`: the review of a dataset, without a window. */
export function addCleaningCommands(program: Command, version: string): void {
  withCommonOptions(
    program
      .command('clean')
      .description('Review the pictures of a dataset: duplicates, blank, blurred, odd ones, doubtful labels')
      .argument('<dataset>', 'its id or name')
      .option('--accept <kind>', 'accept all open findings of a kind; can be given again', kinds)
      .option('--reject <kind>', 'reject all open findings of a kind; can be given again', kinds)
      .option('--undo', 'take the last decision back, and review nothing')
      .option('--list <kind>', 'print the open findings of a kind', kind)
      .option('--no-learn', 'leave out what the engine learns: outliers, the map, doubtful labels'),
  ).action(async (name: string, options: CleanOptions) => {
    await withStudio(options, { version, create: false }, async (studio, signal) => {
      const dataset = findByIdOrName(studio.datasets.list(), name, 'dataset');
      const { id } = dataset;
      if (options.undo === true) {
        const { lastDecision } = studio.cleaning.overview(id);
        const overview = await studio.cleaning.undo(id);
        const sentence = lastDecision
          ? `Took back: ${lastDecision.verdict} of ${lastDecision.items}${lastDecision.kind ? ` ${lastDecision.kind}` : ''}.`
          : 'There is no decision to take back.';
        printResult(options, { dataset: id, undone: lastDecision, ...reported(overview) }, sentence);
        return;
      }
      await follow(studio, studio.cleaning.start(id, options.learn), 'Reviewing', signal);
      for (const accepted of options.accept ?? [])
        await studio.cleaning.decide(id, 'accept', { kind: accepted });
      for (const rejected of options.reject ?? [])
        await studio.cleaning.decide(id, 'reject', { kind: rejected });
      const overview = studio.cleaning.overview(id);
      const listed = options.list
        ? studio.cleaning.findings(id, options.list, 'open', 0, mostListed).items
        : [];
      const { missing } = studio.datasets.get(id);
      const lines = [
        `“${dataset.name}”: ${overview.pictures} pictures, ${overview.excluded} kept out.`,
        `Missing: ${missing.label} labels, ${missing.caption} captions, ${missing.licence} licences.`,
        ...overview.counts
          .filter(({ open, accepted, rejected }) => open + accepted + rejected > 0)
          .map(
            ({ kind: of, open, accepted, rejected }) =>
              `${of.padEnd(16)} ${open} open, ${accepted} accepted, ${rejected} rejected`,
          ),
        ...listed.map((finding) => `  ${finding.name}: ${inWords(finding)}`),
      ];
      const lists = options.list ? { listed } : {};
      printResult(options, { dataset: id, ...reported(overview), missing, ...lists }, lines.join('\n'));
    });
  });
}

const reported = ({ pictures, excluded, relabelled, denoised, thresholds, counts }: CleaningOverview) => ({
  ...{ pictures, excluded, relabelled, denoised, thresholds },
  findings: Object.fromEntries(counts.map(({ kind: of, ...numbers }) => [of, numbers])),
});

/** The reason of a finding as a person says it. */
function inWords({ kind: of, reason, failure }: Finding): string {
  const said = (key: string) => String(reason[key] ?? '');
  switch (of) {
    case 'unreadable':
      return failure?.message ?? 'it cannot be read';
    case 'exact-duplicate':
      return `the same file as ${said('kept')}`;
    case 'near-duplicate':
      return `looks like ${said('kept')} (${said('bits')} of 64 bits differ)`;
    case 'blank':
      return `nearly uniform (deviation ${said('deviation')} of 255)`;
    case 'too-small':
      return `only ${said('width')} × ${said('height')} pixels`;
    case 'extreme-shape':
      return `${said('ratio')} times as long as wide (${said('width')} × ${said('height')})`;
    case 'blurred':
      return `blurred (sharpness ${said('sharpness')})`;
    case 'under-exposed':
      return `dark: its bright parts reach ${said('percent')} % of white`;
    case 'over-exposed':
      return `pale: its dark parts stay at ${said('percent')} % of white`;
    case 'noisy':
      return `noisy (deviation ${said('noise')} of 255)`;
    case 'odd-colours':
      return `${said('mode')}, where the others are ${said('usual')}`;
    case 'outlier':
      return `unlike the others: ${said('factor')} times as far from its neighbours as usual`;
    case 'label-error':
      return `labelled ${said('given')} (${said('givenPercent')} %), looks like ${said('suggested')} (${said('suggestedPercent')} %)`;
    case 'class-balance':
      return `${said('pictures')} pictures, where ${said('usual')} are usual`;
  }
}

function kind(text: string): FindingKind {
  const found = findingKinds.find((each) => each === text);
  if (!found) throw new InvalidArgumentError(`It takes one of ${findingKinds.join(', ')}.`);
  return found;
}

const kinds = (text: string, before: FindingKind[] = []): FindingKind[] => [...before, kind(text)];

export interface QualityResult {
  readonly name: string;
  readonly steps: number;
  readonly distance: number;
  /** Over that of real digits. */
  readonly excess: number;
  /** The share of each digit among those drawn. */
  readonly shares: readonly number[];
  /** Of a conditional model: the share of pictures that are what was asked for. */
  readonly asAsked: number | null;
}

export interface QualityReport {
  readonly judgeAccuracy: number;
  readonly realDistance: number;
  readonly results: readonly QualityResult[];
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

export function qualityRow({ name, steps, distance, excess, shares, asAsked }: QualityResult): string {
  const rarest = Math.min(...shares);
  const words = [
    name,
    String(steps),
    distance.toFixed(2),
    excess.toFixed(2),
    percent(rarest),
    shares.map((share) => (share * 100).toFixed(0)).join(' '),
  ];
  return `| ${[...words, asAsked === null ? '' : percent(asAsked)].join(' | ')} |`;
}

/** The report as Markdown. */
export function qualityTable({ judgeAccuracy, realDistance, results }: QualityReport): string {
  return [
    `Judge: ${percent(judgeAccuracy)} of the training half right. Real digits: ${realDistance.toFixed(2)}.`,
    '',
    '| generator | steps | Fréchet distance | excess over real digits | rarest digit | shares of 0…9, % | of the asked class |',
    '|---|---|---|---|---|---|---|',
    ...results.map(qualityRow),
  ].join('\n');
}

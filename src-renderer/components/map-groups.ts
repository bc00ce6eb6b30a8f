import type { Ref } from 'vue';
import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { EmbeddingMap } from '../../src-main/contract/domain/cleaning.ts';
import { useChartTheme } from '../charts/theme.ts';
import { categoryColours } from './map-drawing.ts';

export type ColourBy = 'class' | 'source' | 'finding';

/** Pictures of a map that share a colour. */
export interface MapGroup {
  readonly key: string;
  readonly name: string;
  readonly count: number;
  readonly colour: string;
}

const mostColours = 12;

/** The groups that the pictures of a map fall into by their class, source or finding. */
export function useMapGroups(map: Readonly<Ref<EmbeddingMap | null>>, colourBy: Readonly<Ref<ColourBy>>) {
  const { t } = useI18n();
  const theme = useChartTheme();
  const isDark = computed(() => Number.parseInt(theme.value.background.slice(1, 3), 16) < 128);
  const grouping = computed(() => {
    const found = map.value;
    if (!found) return { names: [], index: [] };
    const groupings = {
      class: { names: found.classes, index: found.classIndex },
      source: { names: found.sources, index: found.sourceIndex },
      finding: {
        names: found.findings.map((kind) => t(`review.kind.${kind}`)),
        index: found.findingIndex,
      },
    };
    return groupings[colourBy.value];
  });

  /** The largest groups have a colour each, the others one together, and none is the faintest. */
  const groups = computed<MapGroup[]>(() => {
    const { names, index } = grouping.value;
    const counts = new Map<number, number>();
    for (const group of index) counts.set(group, (counts.get(group) ?? 0) + 1);
    const byName = names.map((name, number) => ({ number, name, count: counts.get(number) ?? 0 }));
    const isMany = names.length > mostColours;
    const own = isMany ? byName.toSorted((a, b) => b.count - a.count).slice(0, mostColours - 1) : byName;
    const colours = categoryColours(own.length, isDark.value);
    const rest = [];
    const known = new Set(own.map(({ number }) => number));
    if (isMany) {
      const count = byName.reduce((sum, each) => sum + (known.has(each.number) ? 0 : each.count), 0);
      rest.push({ key: 'others', name: t('review.map.others'), count, colour: theme.value.text });
    }
    const none = counts.get(-1) ?? 0;
    if (none > 0)
      rest.push({ key: 'none', name: t('review.map.none'), count: none, colour: theme.value.faint });
    return [
      ...own.map(({ number, name, count }, at) => ({
        ...{ key: String(number), name, count },
        colour: colours[at]!,
      })),
      ...rest,
    ];
  });

  /** For each picture its place in `groups`. */
  const groupOf = computed(() => {
    const places = new Map(groups.value.map(({ key }, place) => [key, place]));
    const others = places.get('others') ?? 0;
    return grouping.value.index.map((group) =>
      group === -1 ? places.get('none')! : (places.get(String(group)) ?? others),
    );
  });

  return { groups, groupOf };
}

import { useI18n } from 'vue-i18n';
import type { Recipe } from '../../src-main/contract/domain/recipes.ts';
import { useFormat } from './format.ts';

/** Puts recipes into words: what differs from the plainest one, joined as the language joins it. */
export function useRecipeText() {
  const { t } = useI18n();
  const format = useFormat();

  const pairingPhrase = ({ pairing }: Recipe): string[] => {
    switch (pairing.kind) {
      case 'none':
        return [];
      case 'by-name':
        return [t('versions.recipe.by-name', { inputs: pairing.inputs, targets: pairing.targets })];
      case 'blur':
        return [t('versions.recipe.blur', { sigma: pairing.sigmaPx })];
      case 'holes':
        return [t('versions.recipe.holes', { share: format.percent(pairing.share) })];
      case 'lower-resolution':
        return [t('versions.recipe.lower-resolution', { factor: pairing.factor })];
      default:
        return [t(`versions.recipe.${pairing.kind}`)];
    }
  };

  /** The phrases of a recipe, the size first. */
  const recipePhrases = (recipe: Recipe): string[] => {
    const { sizePx, channels, crop, resize, normalisation, balance, heldOutShare, seed } = recipe;
    const chosen = [
      crop === 'centre' ? null : crop,
      resize === 'lanczos3' ? null : resize,
      normalisation === 'none' ? null : normalisation,
      balance === 'none' ? null : balance,
    ].filter((choice) => choice !== null);
    return [
      t('common.sizeAndChannels', {
        size: sizePx,
        channels: channels === 1 ? t('common.grey') : t('common.colour'),
      }),
      t(`data.labels.${recipe.labelMode}`),
      t('versions.recipe.background', { colour: recipe.background }),
      ...chosen.map((choice) => t(`versions.recipe.${choice}`)),
      ...(heldOutShare > 0
        ? [t('versions.recipe.heldOut', { share: format.percent(heldOutShare), seed })]
        : []),
      ...pairingPhrase(recipe),
    ];
  };

  return { recipePhrases };
}

/**
 * Gradients of the tfjs ops that model families may use beside the fused layers.
 *
 * The core package of tfjs ships its gradients only inside the full `@tensorflow/tfjs`, which drags in
 * WebGL, layers and converters; importing the core alone and naming the gradients here is much faster.
 * All are made of ops that are in this list themselves, so they can be differentiated again.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { arithmeticGradients } from './arithmetic-gradients.ts';
import { pictureGradients } from './picture-gradients.ts';
import { shapeGradients } from './shape-gradients.ts';

/** Registers every gradient of the list that tfjs does not have yet. */
export function registerStockGradients(): void {
  for (const [kernelName, definition] of Object.entries({
    ...arithmeticGradients,
    ...shapeGradients,
    ...pictureGradients,
  })) {
    if (tf.getGradient(kernelName)) continue;
    tf.registerGradient({
      kernelName,
      inputsToSave: definition.save,
      saveAllInputs: definition.saveAllInputs,
      outputsToSave: definition.saveOutput ? [true] : [],
      gradFunc: (dy, saved, attributes) =>
        definition.gradient({
          dy: dy as Tensor,
          dys: dy as Tensor[],
          saved,
          attributes: attributes ?? {},
        }),
    });
  }
}

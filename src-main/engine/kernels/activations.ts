/** Activation that a kernel applies to its result; leaky ReLU has slope 0.2. */
export type Activation = 'linear' | 'relu' | 'leakyRelu' | 'tanh' | 'sigmoid' | 'softplus' | 'silu' | 'gelu';

/** The numbers by which the kernels know the activations. */
export const activationNumbers: Record<Activation, number> = {
  linear: 0,
  relu: 1,
  leakyRelu: 2,
  tanh: 3,
  sigmoid: 4,
  softplus: 5,
  silu: 6,
  gelu: 7,
};

/** Whether an activation takes no exponential, and so costs little. */
export const isPolynomial = (activation: Activation): boolean =>
  activation === 'linear' || activation === 'relu' || activation === 'leakyRelu';

/** By these the gradient kernel knows the activations whose slope it is to take from their result. */
export const numbersByResult: Partial<Record<Activation, number>> = { tanh: 101, sigmoid: 102 };

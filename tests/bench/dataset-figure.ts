/** A line of the table of `datasets`. */
export interface DatasetFigure {
  what: string;
  found: string;
  aim: string;
}

export const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

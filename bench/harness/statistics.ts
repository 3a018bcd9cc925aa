/** @returns NaN for none. */
export function computeMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (lower + upper) / 2;
}

/**
 * The value that a share of all does not exceed.
 * @param share from 0 to 1.
 * @returns NaN for none.
 */
export function computeQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** How well one kind of values is told from another: 0.5 is not at all, 0 and 1 are each time. */
export interface Separation {
  /** The probability that a value of the first is above one of the second (area under the ROC curve). */
  readonly area: number;
  /** By Hanley and McNeil, 1982. */
  readonly standardError: number;
}

export function computeSeparation(first: readonly number[], second: readonly number[]): Separation {
  const sorted = second.toSorted((a, b) => a - b);
  const above = first.reduce(
    (sum, value) => sum + (countBelow(sorted, value) + countUpTo(sorted, value)) / 2,
    0,
  );
  const pairs = first.length * second.length;
  const area = above / pairs;
  const [q1, q2] = [area / (2 - area), (2 * area ** 2) / (1 + area)];
  const variance =
    area * (1 - area) + (first.length - 1) * (q1 - area ** 2) + (second.length - 1) * (q2 - area ** 2);
  return { area, standardError: Math.sqrt(Math.max(0, variance) / pairs) };
}

function countBelow(sorted: readonly number[], value: number): number {
  const index = sorted.findIndex((each) => each >= value);
  return index < 0 ? sorted.length : index;
}

function countUpTo(sorted: readonly number[], value: number): number {
  const index = sorted.findIndex((each) => each > value);
  return index < 0 ? sorted.length : index;
}

/** One other subject of a comparison. */
export interface Other {
  /** The first cell of its row, or of its rows: the best one counts. */
  readonly row: string;
  /** What the chart calls it, in at most 56 characters; by default as the table does. */
  readonly label?: string;
  /** A limit does less than the service has to; a peer is what someone might run in its place. */
  readonly kind: 'limit' | 'peer';
  /** The ratio of Latchkey's figure to its that is aimed for. */
  readonly aim?: number;
}

/** What the chart shows of a scenario: ratios of Latchkey's figures to those of others, from a table of its results. */
export interface Comparison {
  readonly title: string;
  /** The name of the table's first column: it tells it from the scenario's other tables. */
  readonly table: string;
  /** Of the figures, of which more is better. */
  readonly column: string;
  /** The first cell of Latchkey's row, or of its rows: the best one counts. */
  readonly own: string;
  readonly others: readonly Other[];
}

/** How what other processes commit comes here. */
export interface Feed {
  /**
   * Whether all that was committed longer ago than the bound has been taken over here. Costs no I/O: it is asked for
   * each request. Where it is false, ask the database instead of the memory.
   */
  isCurrent(): boolean;
}

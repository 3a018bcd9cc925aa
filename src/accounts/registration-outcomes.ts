/**
 * What became of a registration: it waits for its address to be verified (`pending`, also where an account has the address
 * already, `known`), the account is made (`created`), the rules refuse it (`refused`), or there were too many (`limited`).
 */
export type RegistrationOutcome = 'pending' | 'known' | 'created' | 'refused' | 'limited';

/** Counts of this process. */
export class RegistrationOutcomes {
  readonly counts: Record<RegistrationOutcome, number> = {
    pending: 0,
    known: 0,
    created: 0,
    refused: 0,
    limited: 0,
  };

  add(outcome: RegistrationOutcome): void {
    this.counts[outcome] += 1;
  }
}

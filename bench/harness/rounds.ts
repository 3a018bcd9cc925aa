/**
 * Measures all subjects in each round, one after another: A, B, C, A, B, C … What slows the machine down for a while
 * slows all of them, and what is compared is the medians of the same run.
 */
export async function interleave<Subject, Figures>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject, round: number) => Promise<Figures>,
): Promise<Map<Subject, Figures[]>> {
  const measured = new Map<Subject, Figures[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [subject, figures] of measured) figures.push(await measure(subject, round));
  }
  return measured;
}

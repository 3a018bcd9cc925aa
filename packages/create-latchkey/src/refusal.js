/** Why there is nothing made, in a sentence. */
export class Refusal extends Error {}

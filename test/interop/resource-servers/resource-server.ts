import type { Block } from '../../support/shown-commands.js';
import type { RunningServer } from './running-server.js';

export type TokenType = 'at+jwt' | 'JWT';
export const bothTypes: readonly TokenType[] = ['at+jwt', 'JWT'];

/** A library whose program docs/resource-servers.md shows. */
export interface ResourceServer {
  readonly name: string;
  /** The section's. */
  readonly heading: string;
  /** The types of access tokens that it is shown for. */
  readonly takes: readonly TokenType[];
  /** Whether it refuses a JWT of another type. */
  readonly checksType: boolean;
  /** Installs what it needs. @returns the tool that is not there. */
  readonly prepare: () => string | undefined;
  /** @param blocks the section's. */
  readonly start: (blocks: readonly Block[]) => Promise<RunningServer>;
}

/** The text of the section's block in a language. */
export function findBlock(blocks: readonly Block[], language: string): string {
  const block = blocks.find((each) => each.language === language);
  if (!block) throw new Error(`The section has no block in ${language}.`);
  return block.text;
}

import { pathToFileURL } from 'node:url';
import { Contract, contractFilesIn } from '../../src/contract/read-contract.js';
import { checkout } from './checkout.js';

const root = pathToFileURL(checkout);

export const contractFiles = contractFilesIn(root);

let contract: Contract | undefined;

/** The contract of this repository, read once. */
export function readContract(): Contract {
  return (contract ??= new Contract(root));
}

import { pathToFileURL } from 'node:url';
import { Contract, locateContractFiles } from '../../src/contract/read-contract.js';
import { checkout } from './checkout.js';

const root = pathToFileURL(checkout);

export const contractFiles = locateContractFiles(root);

let contract: Contract | undefined;

/** The contract of this repository, read once. */
export function readContract(): Contract {
  return (contract ??= new Contract(root));
}

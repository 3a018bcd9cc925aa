import { fileURLToPath } from 'node:url';

export const checkout = fileURLToPath(new URL('../..', import.meta.url));
export const peersFolder = fileURLToPath(new URL('../peers', import.meta.url));

/** The built-in role, with every permission in the contract. */
export const administratorRole = 'admin';

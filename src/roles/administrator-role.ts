/** The built-in role, which has every permission that the contract names. */
export const administratorRole = 'admin';

/**
 * What a passkey is for: `login`, to log in without a password; `second_factor`, after a password, which security keys
 * without a PIN can do, too.
 */
export type PasskeyUse = 'login' | 'second_factor';

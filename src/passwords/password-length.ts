/** In code points after NFC. NIST SP 800-63B-4 §3.1.1 asks for eight or more, and for no composition rules. */
export const minPasswordLength = 8;
export const maxPasswordLength = 1024;

import type { Language, Occurrence } from './message.js';

const factors = {
  totp: 'an authenticator app',
  recovery_codes: 'recovery codes',
  passkey: 'a passkey',
} as const;

const time = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' });

function formatOccurrence({ at, address }: Occurrence): string {
  return `It was on ${time.format(new Date(at))}${address === '' ? '' : `, from the address ${address}`}.`;
}

const wasNotYou =
  'If that was not you, somebody else can use your account. Choose a new password now: that ends all sessions.';

export const english: Language = {
  address_verification: ({ service, link, code, minutes }) => ({
    subject: `Confirm your e-mail address for ${service}`,
    body: [
      `Somebody, hopefully you, has entered this address at ${service}. Confirm that it is yours:`,
      { label: 'Confirm this address', link },
      'Or enter this code where you are asked for it:',
      { code },
      `Both work once, and for ${minutes} minutes.`,
      'If it was not you, do nothing. Without the confirmation nobody can use your address.',
    ],
  }),
  registration: ({ service, link, code, hours }) => ({
    subject: `Complete your registration at ${service}`,
    body: [
      `Somebody, hopefully you, has registered at ${service} with this address. Confirm that it is yours, and your account is made:`,
      { label: 'Complete the registration', link },
      'Or enter this code where you have registered:',
      { code },
      `Both work once, and for ${hours} hours.`,
      'If it was not you, do nothing. No account is made.',
    ],
  }),
  address_known: ({ service, link }) => ({
    subject: `You already have an account at ${service}`,
    body: [
      `Somebody, hopefully you, has tried to sign up at ${service} with this address. It belongs to an account that exists already, and nothing was changed.`,
      'Log in as usual. If you have forgotten your password, choose a new one:',
      { label: 'Choose a new password', link },
      'If it was not you, there is nothing that you have to do.',
    ],
  }),
  password_reset: ({ service, link, minutes }) => ({
    subject: `Choose a new password for ${service}`,
    body: [
      `Somebody, hopefully you, has asked for a new password for your account at ${service}.`,
      { label: 'Choose a new password', link },
      `The link works once, and for ${minutes} minutes.`,
      'If it was not you, do nothing. Your password stays as it is.',
    ],
  }),
  invitation: ({ service, link, days }) => ({
    subject: `You are invited to ${service}`,
    body: [
      `Somebody who may do so has invited you to ${service}. Choose a name and a password:`,
      { label: 'Accept the invitation', link },
      `The link works once, and for ${days === 1 ? 'a day' : `${days} days`}.`,
      'If you do not want an account, do nothing. None is made.',
    ],
  }),
  password_changed: ({ service, ...occurrence }) => ({
    subject: `Your password for ${service} was changed`,
    body: [
      `The password of your account at ${service} was changed.`,
      formatOccurrence(occurrence),
      wasNotYou,
    ],
  }),
  factor_added: ({ service, factor, ...occurrence }) => ({
    subject: `Your account at ${service} has ${factors[factor]}`,
    body: [
      `Your account at ${service} has ${factors[factor]} as a second step of the login.`,
      formatOccurrence(occurrence),
      wasNotYou,
    ],
  }),
  factor_removed: ({ service, factor, ...occurrence }) => ({
    subject: `A second step of your login at ${service} was removed`,
    body: [
      `Your account at ${service} had ${factors[factor]} as a second step of the login, which was removed.`,
      formatOccurrence(occurrence),
      wasNotYou,
    ],
  }),
  recovery_code_used: ({ service, left, ...occurrence }) => ({
    subject: `A recovery code of your account at ${service} was used`,
    body: [
      `Somebody, hopefully you, has logged in to your account at ${service} with a recovery code. ${left === 1 ? 'One code is' : `${left} codes are`} left.`,
      formatOccurrence(occurrence),
      wasNotYou,
    ],
  }),
};

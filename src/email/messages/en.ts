import type { Block, Language, Occurrence, SafetyOccurrence } from './message.js';

const factors = {
  totp: 'an authenticator app',
  recovery_codes: 'recovery codes',
  passkey: 'a passkey',
} as const;

const time = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' });

function formatOccurrence({ at, address }: Occurrence): string {
  return `It was on ${time.format(new Date(at))}${address === '' ? '' : `, from the address ${address}`}.`;
}

function offerSafety(
  { link, days, ...occurrence }: SafetyOccurrence,
  effect = 'That ends all sessions',
): readonly Block[] {
  return [
    formatOccurrence(occurrence),
    'If that was you, there is nothing that you have to do. If it was not, somebody else can use your account. Take it back:',
    { label: 'This was not me', link },
    `${effect}, makes the password useless, and lets you choose a new one. The link works once, and for ${days} days.`,
  ];
}

function offerUndo({ link, days, ...occurrence }: SafetyOccurrence): readonly Block[] {
  return [
    formatOccurrence(occurrence),
    'If that was you, there is nothing that you have to do. If it was not, somebody else can use your account. Take it back:',
    { label: 'Keep this address', link },
    `The account then has this address, whatever was changed since then; all sessions end, the password becomes useless, and you choose a new one. The link works once, and for ${days} days.`,
  ];
}

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
  login_link: ({ service, link, minutes }) => ({
    subject: `Log in to ${service}`,
    body: [
      `Somebody, hopefully you, wants to log in to your account at ${service}.`,
      { label: 'Log in', link },
      `Open the link in the browser in which you asked for it. It works there alone, once, and for ${minutes} minutes.`,
      'If it was not you, do nothing. Nobody logs in without this link: do not pass it on.',
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
  address_taken: ({ service, ...occurrence }) => ({
    subject: `Your address was entered in another account at ${service}`,
    body: [
      `Somebody, perhaps you, has entered this address in another account at ${service}. It belongs to your account, and nothing was changed.`,
      formatOccurrence(occurrence),
      'If you want the other account to have it, give your account another address first. If it was not you, there is nothing that you have to do.',
    ],
  }),
  address_change_requested: ({ service, ...occurrence }) => ({
    subject: `Your account at ${service} is to have another address`,
    body: [
      `Somebody, hopefully you, has asked for another e-mail address for your account at ${service}. It takes effect when it is confirmed, and messages then go there.`,
      ...offerUndo(occurrence),
    ],
  }),
  address_changed: ({ service, ...occurrence }) => ({
    subject: `Your account at ${service} has another address`,
    body: [
      `Your account at ${service} has another e-mail address now: messages about it do not come here any more.`,
      ...offerUndo(occurrence),
    ],
  }),
  address_removed: ({ service, ...occurrence }) => ({
    subject: `Your account at ${service} does not have this address any more`,
    body: [
      `This e-mail address was removed from your account at ${service}: by somebody who administers accounts there, or by the link that an earlier address of the account was sent.`,
      formatOccurrence(occurrence),
      `If you do not know why, ask those who run ${service}.`,
    ],
  }),
  new_login: ({ service, browser, system, ...occurrence }) => ({
    subject: `A new login to your account at ${service}`,
    body: [
      `Somebody, hopefully you, has logged in to your account at ${service} from a network or with a program that was not used for it before: ${browser === '' ? 'another program than a known browser' : browser}${system === '' ? '' : ` on ${system}`}.`,
      ...offerSafety(occurrence),
    ],
  }),
  password_changed: ({ service, ...occurrence }) => ({
    subject: `Your password for ${service} was changed`,
    body: [`The password of your account at ${service} was changed.`, ...offerSafety(occurrence)],
  }),
  factor_added: ({ service, factor, removable, ...occurrence }) => ({
    subject: `Your account at ${service} has ${factors[factor]}`,
    body: [
      `Your account at ${service} has ${factors[factor]} as a second step of the login.`,
      ...offerSafety(occurrence, removable ? 'That removes what was added, ends all sessions' : undefined),
    ],
  }),
  factor_removed: ({ service, factor, ...occurrence }) => ({
    subject: `A second step of your login at ${service} was removed`,
    body: [
      `Your account at ${service} had ${factors[factor]} as a second step of the login, which was removed.`,
      ...offerSafety(occurrence),
    ],
  }),
  recovery_code_used: ({ service, left, ...occurrence }) => ({
    subject: `A recovery code of your account at ${service} was used`,
    body: [
      `Somebody, hopefully you, has logged in to your account at ${service} with a recovery code. ${left === 1 ? 'One code is' : `${left} codes are`} left.`,
      ...offerSafety(occurrence),
    ],
  }),
};

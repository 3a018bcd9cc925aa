import type { Block, Language, Occurrence, SafetyOccurrence } from './message.js';

const factors = {
  totp: 'eine Authenticator-App',
  recovery_codes: 'Wiederherstellungscodes',
  passkey: 'einen Passkey',
} as const;

const time = new Intl.DateTimeFormat('de-DE', { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' });

function formatOccurrence({ at, address }: Occurrence): string {
  return `Das war am ${time.format(new Date(at))}${address === '' ? '' : `, von der Adresse ${address}`}.`;
}

function offerSafety(
  { link, days, ...occurrence }: SafetyOccurrence,
  effect = 'Damit enden alle Sitzungen',
): readonly Block[] {
  return [
    formatOccurrence(occurrence),
    'Wenn Sie das waren, brauchen Sie nichts zu tun. Wenn nicht, kann jemand anderes Ihr Konto benutzen. Holen Sie es sich zurück:',
    { label: 'Das war ich nicht', link },
    `${effect}, das Passwort wird unbrauchbar, und Sie wählen ein neues. Der Link gilt einmal und ${days} Tage lang.`,
  ];
}

function offerUndo({ link, days, ...occurrence }: SafetyOccurrence): readonly Block[] {
  return [
    formatOccurrence(occurrence),
    'Wenn Sie das waren, brauchen Sie nichts zu tun. Wenn nicht, kann jemand anderes Ihr Konto benutzen. Holen Sie es sich zurück:',
    { label: 'Diese Adresse behalten', link },
    `Das Konto hat dann diese Adresse, was auch immer seither geändert wurde; alle Sitzungen enden, das Passwort wird unbrauchbar, und Sie wählen ein neues. Der Link gilt einmal und ${days} Tage lang.`,
  ];
}

export const german: Language = {
  address_verification: ({ service, link, code, minutes }) => ({
    subject: `Bestätigen Sie Ihre E-Mail-Adresse für ${service}`,
    body: [
      `Jemand, hoffentlich Sie, hat diese Adresse bei ${service} angegeben. Bestätigen Sie, dass es Ihre ist:`,
      { label: 'Adresse bestätigen', link },
      'Oder geben Sie diesen Code ein, wo Sie danach gefragt werden:',
      { code },
      `Beides gilt einmal und ${minutes} Minuten lang.`,
      'Wenn Sie das nicht waren, brauchen Sie nichts zu tun. Ohne die Bestätigung kann niemand Ihre Adresse benutzen.',
    ],
  }),
  registration: ({ service, link, code, hours }) => ({
    subject: `Schließen Sie Ihre Registrierung bei ${service} ab`,
    body: [
      `Jemand, hoffentlich Sie, hat sich mit dieser Adresse bei ${service} registriert. Bestätigen Sie, dass es Ihre ist, und Ihr Konto wird angelegt:`,
      { label: 'Registrierung abschließen', link },
      'Oder geben Sie diesen Code dort ein, wo Sie sich registriert haben:',
      { code },
      `Beides gilt einmal und ${hours} Stunden lang.`,
      'Wenn Sie das nicht waren, brauchen Sie nichts zu tun. Es wird kein Konto angelegt.',
    ],
  }),
  address_known: ({ service, link }) => ({
    subject: `Sie haben schon ein Konto bei ${service}`,
    body: [
      `Jemand, hoffentlich Sie, wollte sich mit dieser Adresse bei ${service} registrieren. Sie gehört zu einem Konto, das es schon gibt. Geändert wurde nichts.`,
      'Melden Sie sich wie gewohnt an. Wenn Sie Ihr Passwort vergessen haben, wählen Sie ein neues:',
      { label: 'Neues Passwort wählen', link },
      'Wenn Sie das nicht waren, brauchen Sie nichts zu tun.',
    ],
  }),
  password_reset: ({ service, link, minutes }) => ({
    subject: `Neues Passwort für ${service}`,
    body: [
      `Jemand, hoffentlich Sie, hat für Ihr Konto bei ${service} ein neues Passwort angefordert.`,
      { label: 'Neues Passwort wählen', link },
      `Der Link gilt einmal und ${minutes} Minuten lang.`,
      'Wenn Sie das nicht waren, brauchen Sie nichts zu tun. Ihr Passwort bleibt, wie es ist.',
    ],
  }),
  login_link: ({ service, link, minutes }) => ({
    subject: `Anmeldung bei ${service}`,
    body: [
      `Jemand, hoffentlich Sie, möchte sich mit Ihrem Konto bei ${service} anmelden.`,
      { label: 'Anmelden', link },
      `Öffnen Sie den Link in dem Browser, in dem Sie ihn angefordert haben. Er gilt nur dort, einmal und ${minutes} Minuten lang.`,
      'Wenn Sie das nicht waren, brauchen Sie nichts zu tun. Ohne diesen Link meldet sich niemand an: Geben Sie ihn nicht weiter.',
    ],
  }),
  invitation: ({ service, link, days }) => ({
    subject: `Sie sind zu ${service} eingeladen`,
    body: [
      `Sie wurden zu ${service} eingeladen, von jemandem, der das darf. Wählen Sie einen Namen und ein Passwort:`,
      { label: 'Einladung annehmen', link },
      `Der Link gilt einmal und ${days === 1 ? 'einen Tag' : `${days} Tage`} lang.`,
      'Wenn Sie kein Konto möchten, brauchen Sie nichts zu tun. Es wird keines angelegt.',
    ],
  }),
  address_taken: ({ service, ...occurrence }) => ({
    subject: `Ihre Adresse wurde in einem anderen Konto bei ${service} angegeben`,
    body: [
      `Jemand, vielleicht Sie, hat diese Adresse in einem anderen Konto bei ${service} angegeben. Sie gehört zu Ihrem Konto. Geändert wurde nichts.`,
      formatOccurrence(occurrence),
      'Wenn das andere Konto sie haben soll, geben Sie Ihrem Konto zuerst eine andere Adresse. Wenn Sie das nicht waren, brauchen Sie nichts zu tun.',
    ],
  }),
  address_change_requested: ({ service, ...occurrence }) => ({
    subject: `Ihr Konto bei ${service} soll eine andere Adresse bekommen`,
    body: [
      `Jemand, hoffentlich Sie, möchte für Ihr Konto bei ${service} eine andere E-Mail-Adresse. Sie gilt, sobald sie bestätigt ist, und Nachrichten gehen dann dorthin.`,
      ...offerUndo(occurrence),
    ],
  }),
  address_changed: ({ service, ...occurrence }) => ({
    subject: `Ihr Konto bei ${service} hat eine andere Adresse`,
    body: [
      `Ihr Konto bei ${service} hat jetzt eine andere E-Mail-Adresse: Nachrichten dazu kommen nicht mehr hierher.`,
      ...offerUndo(occurrence),
    ],
  }),
  address_removed: ({ service, ...occurrence }) => ({
    subject: `Ihr Konto bei ${service} hat diese Adresse nicht mehr`,
    body: [
      `Diese E-Mail-Adresse wurde aus Ihrem Konto bei ${service} entfernt: von jemandem, der dort Konten verwaltet, oder durch den Link, den eine frühere Adresse des Kontos bekommen hat.`,
      formatOccurrence(occurrence),
      `Wenn Sie nicht wissen, warum, fragen Sie die Betreiber von ${service}.`,
    ],
  }),
  new_login: ({ service, browser, system, ...occurrence }) => ({
    subject: `Eine neue Anmeldung bei Ihrem Konto bei ${service}`,
    body: [
      `Jemand, hoffentlich Sie, hat sich bei Ihrem Konto bei ${service} aus einem Netz oder mit einem Programm angemeldet, das dafür noch nicht benutzt wurde: ${browser === '' ? 'ein anderes Programm als ein bekannter Browser' : browser}${system === '' ? '' : ` unter ${system}`}.`,
      ...offerSafety(occurrence),
    ],
  }),
  password_changed: ({ service, ...occurrence }) => ({
    subject: `Ihr Passwort für ${service} wurde geändert`,
    body: [`Das Passwort Ihres Kontos bei ${service} wurde geändert.`, ...offerSafety(occurrence)],
  }),
  factor_added: ({ service, factor, removable, ...occurrence }) => ({
    subject: `Ihr Konto bei ${service} hat einen zweiten Anmeldeschritt`,
    body: [
      `Ihr Konto bei ${service} hat jetzt ${factors[factor]} als zweiten Schritt der Anmeldung.`,
      ...offerSafety(
        occurrence,
        removable ? 'Damit wird das wieder entfernt, alle Sitzungen enden' : undefined,
      ),
    ],
  }),
  factor_removed: ({ service, factor, ...occurrence }) => ({
    subject: `Ein zweiter Anmeldeschritt bei ${service} wurde entfernt`,
    body: [
      `Ihr Konto bei ${service} hatte ${factors[factor]} als zweiten Schritt der Anmeldung. Das wurde entfernt.`,
      ...offerSafety(occurrence),
    ],
  }),
  recovery_code_used: ({ service, left, ...occurrence }) => ({
    subject: `Ein Wiederherstellungscode Ihres Kontos bei ${service} wurde benutzt`,
    body: [
      `Jemand, hoffentlich Sie, hat sich mit einem Wiederherstellungscode bei ${service} angemeldet. Es ${left === 1 ? 'ist noch ein Code' : `sind noch ${left} Codes`} übrig.`,
      ...offerSafety(occurrence),
    ],
  }),
};

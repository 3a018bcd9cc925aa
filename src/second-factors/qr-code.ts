import encodeQr from 'qr';

/** Modules of white around the code (ISO/IEC 18004 §6.3.8), on which a page's dark background must not show. */
const border = 4;

/** An SVG image of its own: black on white, without a script, a style or a reference. */
export function drawQrCode(text: string): string {
  const svg = encodeQr(text, 'svg', { border });
  return svg.replace('>', '><path fill="#fff" d="M0 0h999v999H0z"/>');
}

/** For terminals and pages without images: half blocks, two modules high each. */
export function printQrCode(text: string): string {
  return encodeQr(text, 'ascii', { border: 2 });
}

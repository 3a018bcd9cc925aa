import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly pem: string;
}

/** Makes a certificate of its own, for a host name, in a folder. */
export function makeCertificate(folder: string, host: string): Certificate {
  const [certificateFile, keyFile] = [join(folder, `${host}.crt`), join(folder, `${host}.key`)];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`],
      ...['-keyout', keyFile, '-out', certificateFile],
    ],
    { stdio: 'pipe' },
  );
  return { certificateFile, keyFile, pem: readFileSync(certificateFile, 'utf8') };
}

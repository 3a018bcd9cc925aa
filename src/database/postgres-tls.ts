import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** The TLS parameters of a PostgreSQL URL. */
export const tlsParameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'];
const modes = ['disable', 'require', 'verify-ca', 'verify-full'];

/**
 * Parses the TLS parameters as libpq does, without the modes that silently fall back to no encryption.
 * @param show quotes a value of the URL, unless it may be part of a password.
 * @throws {Error} with a message that continues the setting's name: "must …".
 */
export function parseTls(
  given: ReadonlyMap<string, string>,
  show: (value: string) => string,
): ConnectionOptions | undefined {
  const mode = given.get('sslmode') ?? 'disable';
  if (!modes.includes(mode)) {
    throw new Error(`must have one of ${modes.join(', ')} as its sslmode, and has ${show(mode)}`);
  }
  const rootFile = given.get('sslrootcert');
  if (mode === 'disable') {
    const needless = tlsParameters.find((name) => name !== 'sslmode' && given.has(name));
    if (needless !== undefined) {
      throw new Error(`must have ${modes.slice(1).join(', ')} as its sslmode beside ${needless}`);
    }
    return undefined;
  }
  // verify-ca checks no name: with the system's authorities, any public certificate would pass.
  if (mode === 'verify-ca' && rootFile === undefined) {
    throw new Error('must have sslrootcert, the file of the authority, beside sslmode=verify-ca');
  }
  const [certFile, keyFile] = [given.get('sslcert'), given.get('sslkey')];
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new Error('must have both sslcert and sslkey, or neither');
  }
  return {
    ...(rootFile !== undefined && { ca: readCertificate(rootFile, 'sslrootcert', show) }),
    ...(certFile !== undefined && { cert: readCertificate(certFile, 'sslcert', show) }),
    ...(keyFile !== undefined && { key: readParameterFile(keyFile, 'sslkey', show) }),
    ...(mode === 'require' && rootFile === undefined && { rejectUnauthorized: false }),
    // These modes do not check the certificate's name.
    ...((mode === 'verify-ca' || mode === 'require') && { checkServerIdentity: () => undefined }),
  };
}

function readCertificate(path: string, parameter: string, show: (value: string) => string): string {
  const pem = readParameterFile(path, parameter, show);
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new Error(`must have a certificate in PEM form in the file of its ${parameter}, ${show(path)}`, {
      cause,
    });
  }
  return pem;
}

/** The error has no cause, because the cause repeats the path, which {@link parseTls} may not show. */
function readParameterFile(path: string, parameter: string, show: (value: string) => string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Error(`must have a readable file as its ${parameter}, but ${show(path)} is not one`);
  }
}

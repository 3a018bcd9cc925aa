// npm prints the script's text before it runs it, which for `npm start` is two commands in one. A POSIX shell defines the
// function `node`, which execs the real one, fails by `false`, and so runs the part after `||` with that function: the
// service replaces the shell and gets npm's signals itself. Windows' shell knows no functions, fails too, and runs the same
// part with node.exe. `--max-semi-space-size=16` (MiB) bounds V8's young generation. With 4, requests in
// flight were promoted: with a million revocations a request took 32 µs instead of 18, and p99 15 ms instead of 3
// (`npm run bench -- revocations-million`; `memory-and-start` measures what such options save).

/**
 * Erases what npm has just printed, so that the first lines on a terminal are the service's. Nothing comes between the two:
 * npm holds back its own lines while a script runs. Elsewhere than on a terminal they stay.
 * @param {string | undefined} command of this process, which npm's script is called after
 */
export function eraseNpmBanner(command) {
  const { stdout, env } = process;
  const script = env['npm_lifecycle_script'];
  const isByNpm =
    env['npm_config_user_agent']?.startsWith('npm/') === true && env['npm_lifecycle_event'] === command;
  const isPrinted = env['npm_config_loglevel'] !== 'silent';
  // Windows' shell says of the script's first part that there is no such command.
  if (!stdout.isTTY || !isByNpm || !isPrinted || script === undefined || process.platform === 'win32') return;
  const name = `${env['npm_package_name'] ?? ''}@${env['npm_package_version'] ?? ''}`;
  const lines = ['', `> ${name} ${command ?? ''}`, ...script.split('\n').map((line) => `> ${line}`), ''];
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / stdout.columns)), 0);
  if (rows >= stdout.rows) return;
  stdout.moveCursor(0, -rows);
  stdout.cursorTo(0);
  stdout.clearScreenDown();
}

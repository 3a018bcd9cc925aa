// Exits with 0 if the service in the same container is ready: its image has no curl.
const { PORT = '3000' } = process.env;
try {
  const { status } = await fetch(`http://127.0.0.1:${PORT}/health/ready`, {
    signal: AbortSignal.timeout(2500),
  });
  process.exitCode = status === 200 ? 0 : 1;
} catch {
  // Nothing listens yet, or it does not respond.
  process.exitCode = 1;
}

// Loaded before the service (`--import`): SIGUSR2 begins a profile of its main thread, the next one writes it to the file
// that BENCH_PROFILE names.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const file = process.env['BENCH_PROFILE'] ?? '';
let session: Session | undefined;

process.on('SIGUSR2', () => {
  if (session) {
    const ended = session;
    session = undefined;
    void ended.post('Profiler.stop').then(({ profile }) => {
      writeFileSync(file, JSON.stringify(profile));
    });
  } else {
    session = new Session();
    session.connect();
    void begin(session);
  }
});

async function begin(started: Session): Promise<void> {
  await started.post('Profiler.enable');
  await started.post('Profiler.setSamplingInterval', { interval: 200 }); // microseconds
  await started.post('Profiler.start');
}

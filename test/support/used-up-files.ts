import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** For `--import`: on SIGUSR2 the process opens as many files as it may, and at the next one closes them. */
const files: number[] = [];

function openAll(): void {
  try {
    for (;;) files.push(openSync(devNull, 'r'));
  } catch {
    console.log(`${files.length} files are open`);
  }
}

process.on('SIGUSR2', () => {
  if (files.length === 0) openAll();
  else {
    files.splice(0).forEach((each) => {
      closeSync(each);
    });
    console.log('they are closed');
  }
});

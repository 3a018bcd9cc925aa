#!/usr/bin/env node
// For any Node that npm runs on: what it cannot run is imported after a look at its version.
const oldestNode = 20;

if (Number.parseInt(process.versions.node) < oldestNode) {
  console.error(
    `This is Node ${process.versions.node}, and create-latchkey needs ${oldestNode} or newer. Install a newer one: https://nodejs.org`,
  );
  process.exitCode = 1;
} else {
  const { runCommandLine } = await import('../src/command-line.js');
  runCommandLine(process.argv.slice(2));
}

#!/usr/bin/env node
// The command `sigprof`. What needs a recent Node is imported only after its version is known.
import { leftToCaller, report, reportError } from './reporter.ts';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  report(
    `the command needs Node 20.19 or later, this is ${process.version}; run it with a newer one (the profiled program may be older)`,
  );
  process.exitCode = 1;
} else {
  // A reader that has seen enough (`sigprof report … | head`) is no failure, and changes no verdict.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (leftToCaller.has(error)) return;
    process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : reportError(error));
  });
  try {
    const { runProgram } = await import('./program.ts');
    process.exitCode = await runProgram(process.argv.slice(2));
  } catch (error) {
    process.exitCode = reportError(error);
  }
}

import type { Command } from 'commander';
import { findToggleTarget, toggle } from '../../session/toggle.ts';
import { parsePid } from '../arguments.ts';
import { report } from '../reporter.ts';

/** Adds `sigprof toggle PID`. */
export function addToggleCommand(program: Command): void {
  program
    .command('toggle')
    .description('switch sampling on or off in a process that loaded sigprof/register')
    .argument('<pid>', 'process id', parsePid)
    .action((pid: number) => {
      const target = findToggleTarget(pid);
      toggle(target);
      report(
        `sent ${target.signal} to process ${pid} (${target.name}); it starts to sample, or stops and writes its files`,
      );
    });
}

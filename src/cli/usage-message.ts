import type { Command, CommanderError } from 'commander';

/** Commander's words, and ours for the same: what is wrong with which argument, and what was expected. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [
    /^option '(?:-\w, )?(--[\w-]+).*?' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/,
    "$1 must be one of $3, got '$2'",
  ],
  [/^option '(?:-\w, )?(--[\w-]+) (<.*>)' argument missing$/, '$1 needs $2 behind it'],
  [/^required option '(?:-\w, )?(--[\w-]+) (<.*>)' not specified$/, '$1 $2 is missing'],
  [/^missing required argument '(.*)'$/, '<$1> is missing'],
  [
    /^too many arguments for '.*'\. Expected (\d+) arguments? but got (\d+)\.$/,
    'too many arguments: $2 instead of $1',
  ],
  [/ \(Did you mean (.*)\?\)$/, "; did you mean '$1'?"],
];

/** A mistake on the command line in one line, with where to read on. */
export function usageMessage(error: CommanderError, command: Command): string {
  // "error: unknown option '--x'\n(Did you mean …?)"
  let message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  for (const [theirs, ours] of PHRASES) message = message.replace(theirs, ours);
  const isVerb = command.parent !== null;
  const subject = isVerb ? `${command.name()}: ` : '';
  const help = isVerb ? `sigprof ${command.name()} --help` : 'sigprof --help';
  return `${subject}${message}${message.endsWith('?') ? '' : ';'} see '${help}'`;
}

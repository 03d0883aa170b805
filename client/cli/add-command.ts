import type { Command } from 'commander';
import type { Cli } from './cli';

/** Adds one command to the program. `cli` is asked for only once a command runs, when the options are known. */
export type AddCommand = (program: Command, cli: () => Cli) => void;

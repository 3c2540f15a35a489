/** How a command of ours is written so that it goes where this one went: for the commands that are printed to be used next. */
let words = 'claudex';

/** `claudex`, or `claudex --host devbox`. */
export function calledAs(): string {
  return words;
}

/** This command was given `--host`. */
export function calledWithHost(host: string): void {
  words = `claudex --host ${host}`;
}

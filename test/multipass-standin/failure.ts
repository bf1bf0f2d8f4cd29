/** A failure as multipass shows it: text for stderr (or stdout), and the exit code of the process. */
export class Failure extends Error {
  constructor(
    readonly exitCode: number,
    readonly stderr: string,
    readonly stdout = '',
  ) {
    super(stderr);
  }
}

/** `<command> failed: <message>`, details below; exit code 2 is what nearly everything ends with. */
export const failed = (command: string, message: string, ...details: string[]): Failure =>
  new Failure(2, [`${command} failed: ${message}`, ...details, ''].join('\n'));

/** As {@link failed}, in the form of calls that work on several instances. */
export const errorsOccurred = (command: string, ...lines: string[]): Failure =>
  failed(command, 'The following errors occurred:', ...lines);

/** A mistake on the command line. */
export const usage = (text: string): Failure => new Failure(1, `${text}\n`);

/** What is thrown and reported: an entry of the catalogue with the facts of the case. */
import { errorCatalogue } from './catalogue.ts';

export type ErrorCode = keyof typeof errorCatalogue;

/** An error with a code, the facts of this case, and the fix from the catalogue. `details` are what is wrong in several places, a line each. */
export class ClaudexError extends Error {
  override readonly name = 'ClaudexError';

  /** By name: the built commands are one file, and what they load later has this class a second time (bundle.mjs). */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'ClaudexError';
  }

  readonly code: ErrorCode;
  readonly facts: string;
  readonly details: readonly string[];

  constructor(
    code: ErrorCode,
    facts = '',
    { details = [], ...options }: { cause?: unknown; details?: readonly string[] } = {},
  ) {
    super(facts ? `${errorCatalogue[code].text} ${facts}` : errorCatalogue[code].text, options);
    this.code = code;
    this.facts = facts;
    this.details = details;
  }

  get fix(): string {
    return errorCatalogue[this.code].fix;
  }
  get exitCode(): number {
    return errorCatalogue[this.code].exitCode;
  }
  get httpStatus(): number {
    return errorCatalogue[this.code].httpStatus;
  }
}

/** True for a code that the catalogue holds (used on what comes over the wire). */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value);
}

/** Any thrown value as a ClaudexError: our own pass through, a folder removed under us has its own, the rest are INTERNAL. */
export function toClaudexError(error: unknown): ClaudexError {
  if (error instanceof ClaudexError) return error;
  const isFolderGone = (error as NodeJS.ErrnoException | undefined)?.syscall === 'uv_cwd';
  if (isFolderGone) return new ClaudexError('CURRENT_FOLDER_GONE', '', { cause: error });
  return new ClaudexError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
}

/** The code of a Node system error (`ENOENT`, …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** The part of the catalogue on the claudex folder and the disk that it is on. */
import type { ErrorEntry } from './error-catalogue.ts';

export const homeErrors = {
  HOME_NOT_PRIVATE: {
    text: 'The claudex folder is not safely yours.',
    fix: 'make sure the folder belongs to you and is not a link, or set CLAUDEX_HOME to one that does.',
    exitCode: 3,
    httpStatus: 500,
  },
  HOME_UNWRITABLE: {
    text: 'The claudex folder cannot be written to.',
    fix: 'free disk space where it is full, mend the permissions where they forbid it (chmod u+rwx), or set CLAUDEX_HOME to a folder that can be written to.',
    exitCode: 3,
    httpStatus: 507,
  },
  JOURNAL_UNWRITABLE: {
    text: 'The message could not be written to disk, so it was not accepted.',
    fix: 'free disk space or mend the permissions of the claudex folder, then send it again.',
    exitCode: 3,
    httpStatus: 507,
  },
} as const satisfies Record<string, ErrorEntry>;

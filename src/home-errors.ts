/** The part of the catalogue on folders: the one of claudex with the disk that it is on, and the one we stand in. */
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
  CURRENT_FOLDER_GONE: {
    text: 'The current folder is gone.',
    fix: 'change to a folder that is there (cd), or name the target by its id, its name or its full path.',
    exitCode: 3,
    httpStatus: 500,
  },
  JOURNAL_UNWRITABLE: {
    text: 'The message could not be written to disk, so it was not accepted.',
    fix: 'free disk space or mend the permissions of the claudex folder, then send it again.',
    exitCode: 3,
    httpStatus: 507,
  },
} as const satisfies Record<string, ErrorEntry>;

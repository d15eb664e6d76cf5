import { type Logger, type LoggerOptions, pino } from 'pino';
import { AppError } from './errors';

/** The stack is for the log only; it never reaches a person. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const described = { type: error.name, message: error.message, stack: error.stack };
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return error instanceof AppError
    ? { ...described, code: error.code, details: error.details, remedy: error.remedy, ...cause }
    : { ...described, ...cause };
}

const secretNames = ['password', 'token', 'secret', 'cookie', 'authorization', 'databaseUrl', 'redisUrl'];

/** JSON lines on stdout: the supervisor keeps them in a file and shows warnings and errors. */
export function createLogger(options: { readonly name: string; readonly level: LoggerOptions['level'] }): Logger {
  return pino({
    name: options.name,
    ...(options.level === undefined ? {} : { level: options.level }),
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    redact: { paths: [...secretNames, ...secretNames.map((name) => `*.${name}`)], censor: '[redacted]' },
  });
}

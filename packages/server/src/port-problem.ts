import { Problem } from '@coffer/core';

/** For `catch`: a port that cannot be had, as a sentence with the option that mends it. Anything else is thrown on. */
export function portProblem(what: string, host: string, port: number, option: string) {
  return (error: NodeJS.ErrnoException): never => {
    const why = {
      EADDRINUSE: 'another program has it',
      EACCES: 'this user may not',
      EADDRNOTAVAIL: 'this machine has no such address',
    }[error.code ?? ''];
    if (why === undefined) throw error;
    throw new Problem('unavailable', `${what} cannot listen on ${host}:${port}: ${why}; give another with ${option}`, {
      cause: error,
    });
  };
}

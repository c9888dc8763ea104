import { Problem } from '@coffer/core';
import { Command } from 'commander';
import { addClear } from './clear.ts';
import { addDatastore } from './datastore.ts';
import { addDoctor } from './doctor.ts';
import { addInstance } from './instance.ts';
import { addServe, type ServeWorker } from './serve.ts';
import { addUser } from './user.ts';

/** The program `coffer`, told by its arguments. @param worker for a program that puts the same server to the test. */
export async function runProgram(worker?: ServeWorker): Promise<void> {
  const program = new Command('coffer').description('database-as-a-service for any cloud').showHelpAfterError();
  addServe(program, worker);
  for (const add of [addDatastore, addUser, addInstance, addDoctor, addClear]) add(program);
  try {
    await program.parseAsync();
  } catch (error) {
    // A problem is a sentence for the reader; anything else is ours to mend, with its trace.
    console.error(error instanceof Problem ? `coffer: ${error.detail}` : error);
    process.exitCode = 1;
  }
}

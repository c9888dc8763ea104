#!/usr/bin/env node
import { Problem } from '@coffer/core';
import { Command } from 'commander';
import { addClear } from './cli/clear.ts';
import { addDatastore } from './cli/datastore.ts';
import { addServe } from './cli/serve.ts';
import { addUser } from './cli/user.ts';

const program = new Command('coffer').description('database-as-a-service for any cloud').showHelpAfterError();
for (const add of [addServe, addDatastore, addUser, addClear]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  // A problem is a sentence for the reader; anything else is ours to mend, with its trace.
  console.error(error instanceof Problem ? `coffer: ${error.detail}` : error);
  process.exitCode = 1;
}

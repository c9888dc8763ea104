import { Problem } from '@coffer/core';
import type { Context } from './context.ts';

/**
 * Runs a program as root in a container that sees one folder of this machine, under its own path: for who may use the engine
 * and is not root himself. Whatever the program ends with is taken.
 */
export async function runAsRoot(
  { engine, guestImage }: Pick<Context, 'engine' | 'guestImage'>,
  folder: string,
  [program, ...args]: readonly [string, ...string[]],
): Promise<void> {
  if (guestImage === '')
    throw new Problem(
      'cloud_refused',
      `only root can remove what guests left in ${folder}; give --guest-image, whose container does it, or run this as root`,
    );
  const container = await engine.containers.create(undefined, {
    Image: guestImage,
    Entrypoint: [program],
    Cmd: args,
    HostConfig: { NetworkMode: 'none', Binds: [`${folder}:${folder}`] },
  });
  try {
    await engine.containers.start(container);
    await engine.containers.wait(container);
  } finally {
    await engine.containers.remove(container);
  }
}

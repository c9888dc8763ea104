import { runProgram } from './program.ts';

export interface LoopDevice {
  device: string;
  /** The file behind it, also when that was deleted meanwhile. */
  file: string;
}

/** The machine's loop devices whose file lies in `folder`. Found by name, so that leftovers of earlier lives are too. */
export async function loopsIn(folder: string): Promise<LoopDevice[]> {
  const output = await runProgram('losetup', ['--list', '--json', '--output', 'NAME,BACK-FILE']);
  if (output.trim() === '') return [];
  const { loopdevices }: { loopdevices: { name: string; 'back-file': string | null }[] } = JSON.parse(output);
  return loopdevices
    .map((loop) => ({ device: loop.name, file: (loop['back-file'] ?? '').replace(/ \(deleted\)$/, '') }))
    .filter((loop) => loop.file.startsWith(`${folder}/`));
}

/** @param file below `folder`. @returns the device; the one that is there already, if any. */
export async function attachLoop(folder: string, file: string): Promise<string> {
  const there = (await loopsIn(folder)).find((loop) => loop.file === file);
  return there?.device ?? (await runProgram('losetup', ['--find', '--show', file])).trim();
}

/** Makes the device as large as its file has become; whoever has it open sees that at once. */
export async function refreshLoop(folder: string, file: string): Promise<void> {
  for (const loop of await loopsIn(folder)) {
    if (loop.file === file) await runProgram('losetup', ['--set-capacity', loop.device]);
  }
}

/** Repeatable. A device that is still mounted somewhere goes when the last mount does. */
export async function detachLoop(folder: string, file: string): Promise<void> {
  for (const loop of await loopsIn(folder)) {
    if (loop.file === file) await runProgram('losetup', ['--detach', loop.device]);
  }
}

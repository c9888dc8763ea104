import type { Command } from 'commander';
import { readBrokerOptions } from '../brokers/options.ts';
import { addServeOptions, defaultRunDir, readBrokerPort, type ServeFlags } from '../config.ts';
import { type Diagnosis, diagnose } from '../doctor/doctor.ts';
import { createReleases } from '../release.ts';
import { createLog } from './log.ts';

/** `coffer doctor`: looks at everything that a server with these options hangs on; 1 when something is to be mended. */
export function addDoctor(program: Command): void {
  addServeOptions(
    program
      .command('doctor')
      .description(
        'look at store, broker, cloud, engine, images, clocks, keys and disk; give it the options of `coffer serve`',
      ),
  )
    .option('--json', 'the same as JSON')
    .action(async (flags: ServeFlags & { json?: boolean }) => {
      // What was found is the answer; the log of the store's launcher is for those who ask for it.
      const log = createLog(flags.logLevel === 'info' ? 'error' : flags.logLevel);
      const releases = createReleases(log);
      try {
        const broker = readBrokerOptions(flags);
        const diagnosis = await diagnose(
          {
            dataDir: flags.dataDir,
            runDir: flags.runDir ?? defaultRunDir(flags.dataDir),
            brokerPort: readBrokerPort(flags),
            log,
            ...(flags.store !== undefined && { storeUrl: flags.store }),
            ...(flags.engine !== undefined && { engine: flags.engine }),
            ...(flags.guestImage !== undefined && { guestImage: flags.guestImage }),
            ...(flags.imagesDir !== undefined && { imagesDir: flags.imagesDir }),
            ...(broker && { broker }),
          },
          releases,
        );
        process.stdout.write(
          `${flags.json ? JSON.stringify(asJson(diagnosis), null, 2) : asLines(diagnosis).join('\n')}\n`,
        );
        if (!diagnosis.findings.every(({ isOk }) => isOk)) process.exitCode = 1;
      } finally {
        await releases.run();
      }
    });
}

const asJson = ({ findings, notes }: Diagnosis) => ({
  ok: findings.every(({ isOk }) => isOk),
  checks: findings.map(({ check, isOk, facts, faults }) => ({ check, ok: isOk, facts, faults })),
  notes,
});

const asLines = ({ findings, notes }: Diagnosis): string[] => [
  ...findings.flatMap(({ check, isOk, facts, faults }) => [
    `${check.padEnd(7)} ${isOk ? 'ok' : 'to mend'}${facts === '' ? '' : `: ${facts}`}`,
    ...faults.map((fault) => `        ${fault}`),
  ]),
  ...notes.map((note) => `note    ${note}`),
];

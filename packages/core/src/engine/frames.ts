import type { Readable } from 'node:stream';

/** A piece of a container's output. Order within a stream is kept; between the two it is the engine's guess. */
export interface OutputChunk {
  stream: 'stdout' | 'stderr';
  data: Buffer;
}

const HEADER_BYTES = 8;

/**
 * Takes the engine's frames apart: 8 bytes (stream, 0, 0, 0, big-endian length), then the payload. Payloads pass as they come, a
 * long frame in several chunks, so nothing is held back and a slow reader slows the container.
 */
export async function* demux(source: Readable): AsyncGenerator<OutputChunk> {
  let header: Buffer = Buffer.alloc(0);
  let stream: OutputChunk['stream'] = 'stdout';
  let left = 0;
  for await (const piece of source) {
    let chunk: Buffer = piece;
    while (chunk.length > 0) {
      if (left === 0) {
        const wanted = HEADER_BYTES - header.length;
        header = Buffer.concat([header, chunk.subarray(0, wanted)]);
        chunk = chunk.subarray(wanted);
        if (header.length < HEADER_BYTES) break;
        stream = header[0] === 2 ? 'stderr' : 'stdout';
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
      } else {
        const data = chunk.subarray(0, left);
        chunk = chunk.subarray(data.length);
        left -= data.length;
        yield { stream, data };
      }
    }
  }
}

/** Collects output into text; what exceeds `maxBytes` of a stream is read and dropped, so that its writer is never stuck. */
export async function collect(
  chunks: AsyncIterable<OutputChunk>,
  maxBytes = 1024 * 1024,
): Promise<{ stdout: string; stderr: string }> {
  const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const sizes = { stdout: 0, stderr: 0 };
  for await (const { stream, data } of chunks) {
    const room = maxBytes - sizes[stream];
    if (room <= 0) continue;
    kept[stream].push(data.subarray(0, room));
    sizes[stream] += Math.min(room, data.length);
  }
  return { stdout: Buffer.concat(kept.stdout).toString('utf8'), stderr: Buffer.concat(kept.stderr).toString('utf8') };
}

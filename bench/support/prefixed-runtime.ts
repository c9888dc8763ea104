import type { ContainerRuntime } from '@coffer/core';

/** The runtime of one of several agents on one engine: what each knows by a plain name bears the agent's prefix there. */
export function prefixedRuntime(runtime: ContainerRuntime, prefix: string): ContainerRuntime {
  const there = (name: string): string => `${prefix}${name}`;
  const here = (name: string): string => name.slice(prefix.length);
  return {
    ...runtime,
    create: (spec) =>
      runtime.create({
        ...spec,
        name: there(spec.name),
        network: spec.network.replace(/^container:/, `container:${prefix}`),
      }),
    start: (name) => runtime.start(there(name)),
    stop: (name, options) => runtime.stop(there(name), options),
    kill: (name, signal) => runtime.kill(there(name), signal),
    remove: (name) => runtime.remove(there(name)),
    ended: (name, signal) => runtime.ended(there(name), signal),
    async inspect(name) {
      const state = await runtime.inspect(there(name));
      return state && { ...state, name };
    },
    async list(labels) {
      const ours = (await runtime.list(labels)).filter(({ name }) => name.startsWith(prefix));
      return ours.map((state) => ({ ...state, name: here(state.name) }));
    },
    exec: (name, command, options) => runtime.exec(there(name), command, options),
    logs: (name, options) => runtime.logs(there(name), options),
  };
}

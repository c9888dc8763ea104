/** Whether this process may change devices, mounts and rules of the machine. What only root can do is left out elsewhere; `npm test` says so. */
export const isRoot = process.getuid?.() === 0;

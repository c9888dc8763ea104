/** What `coffer serve` lets a project have. */
export const SMALL = { instances: 10, ram: -1, volumes: 40, backups: 50 };

/** As much as anybody asks for. */
export const UNLIMITED = { instances: -1, ram: -1, volumes: -1, backups: -1 };

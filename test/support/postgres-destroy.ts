import { destroyPostgres } from '../../packages/server/src/store/postgres.ts';

// node --conditions=@coffer/source postgres-destroy.ts <folder>
await destroyPostgres(process.argv[2] ?? '');

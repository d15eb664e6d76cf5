import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

// The engine that Prisma would download is not needed: the WebAssembly build of the same version runs behind our script, offline.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('./scripts/prisma/schema-engine.mjs', import.meta.url));
process.env.CHECKPOINT_DISABLE ??= '1';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost:1/none' },
});

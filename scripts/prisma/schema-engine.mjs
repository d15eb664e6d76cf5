#!/usr/bin/env node
/**
 * Stands in for Prisma's `schema-engine` program, which is a download of its own: the WebAssembly build of the same engine, from npm,
 * behind the same JSON-RPC on stdin and stdout. `prisma.config.ts` points PRISMA_SCHEMA_ENGINE_BINARY here.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const enginePackage = '@prisma/schema-engine-wasm';
const rpcKnownError = 4466;
const rpcUnknownError = 4467;
const catalogCharOid = 18;
const varcharOid = 1043;

const argv = process.argv.slice(2);

/** @param {string} name */
function option(name) {
  return argv.flatMap((argument, index) => (argument === name ? [argv[index + 1]] : []));
}

async function loadEngine() {
  const glue = await import(`${enginePackage}/schema_engine_bg`);
  const wasmFile = fileURLToPath(import.meta.resolve(enginePackage)).replace('schema_engine.js', 'schema_engine_bg.wasm');
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { get: () => '', set_message: (message) => console.error(message) };
  const { instance } = await WebAssembly.instantiate(readFileSync(wasmFile), { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();
  return glue;
}

function connectionOf(address) {
  const url = new URL(address);
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: url.searchParams.get('sslmode') === 'require' ? { rejectUnauthorized: false } : undefined,
  };
}

/** Runs `work` on the server's own maintenance database; the name of the database that the address means goes along. */
async function onMaintenanceDatabase(address, work) {
  const connection = connectionOf(address);
  const client = new pg.Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    return await work(client, connection.database);
  } finally {
    await client.end();
  }
}

function createDatabase(address) {
  return onMaintenanceDatabase(address, async (client, name) => {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    return name;
  });
}

async function runCommand(command, address) {
  if (command === 'can-connect-to-database') {
    const client = new pg.Client(connectionOf(address));
    await client.connect();
    await client.end();
  } else if (command === 'create-database') {
    await createDatabase(address);
  } else if (command === 'drop-database') {
    await onMaintenanceDatabase(address, (client, name) => client.query(`DROP DATABASE ${client.escapeIdentifier(name)} WITH (FORCE)`));
  } else {
    throw new Error(`schema engine: command ${command} is not known`);
  }
}

/** What Prisma's command line reads from the engine's stderr. */
function reportFailure(error) {
  const code = error.code === '3D000' ? 'P1003' : error.code === '28P01' ? 'P1000' : 'P1001';
  const fields = { message: error.message || String(error), error_code: code, is_panic: false };
  console.error(`\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', timestamp: new Date().toISOString(), fields })}`);
}

/** The adapter has no mapping for the catalog type "char", which introspection reads: it passes as varchar here and is retagged below. */
class CatalogPool extends pg.Pool {
  charColumns = new Set();

  async query(...parameters) {
    const result = await super.query(...parameters);
    for (const field of result?.fields ?? []) {
      if (field.dataTypeID !== catalogCharOid) continue;
      field.dataTypeID = varcharOid;
      this.charColumns.add(field.name);
    }
    return result;
  }
}

function prepare(adapter) {
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    const chars = adapter.underlyingDriver().charColumns;
    result.columnTypes = result.columnTypes.map((type, index) =>
      chars.has(result.columnNames[index]) && type === ColumnTypeEnum.Text ? ColumnTypeEnum.Character : type,
    );
    return result;
  };
  // The adapter's own executeScript splits at every semicolon, which breaks the bodies of functions.
  adapter.executeScript = async (sql) => {
    try {
      await adapter.underlyingDriver().query(sql);
    } catch (error) {
      adapter.onError(error);
    }
  };
  return adapter;
}

function createAdapter(address) {
  const connection = connectionOf(address);
  const options = { schema: new URL(address).searchParams.get('schema') ?? undefined, disposeExternalPool: true };
  const adapter = new PrismaPg(new CatalogPool(connection), options);
  const connect = adapter.connect.bind(adapter);
  adapter.connect = async () => prepare(await connect());
  adapter.connectToShadowDb = async () => {
    const database = `prisma_migrate_shadow_db_${crypto.randomUUID()}`;
    const main = new pg.Pool(connection);
    await main.query(`CREATE DATABASE "${database}"`);
    const shadow = prepare(await new PrismaPg(new CatalogPool({ ...connection, database }), options).connect());
    const dispose = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await dispose();
      await main.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
      await main.end();
    };
    return shadow;
  };
  return adapter;
}

async function serve(address) {
  const glue = await loadEngine();
  const datamodels = option('--datamodels').map((file) => [file, readFileSync(file, 'utf8')]);
  const engine = await glue.SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    () => {},
    bindMigrationAwareSqlAdapterFactory(createAdapter(address)),
  );
  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  let printId = 1_000_000;
  const answer = async (method, params) => {
    if (method === 'createDatabase') return { databaseName: await createDatabase(params.datasource.url ?? address) };
    if (method === 'getDatabaseVersion') return engine.version(params);
    const result = await engine[method](params);
    if (method !== 'diff' || result?.stdout == null) return result ?? {};
    printId += 1;
    send({ id: printId, method: 'print', params: { content: result.stdout } });
    return { exitCode: result.exitCode, stdout: null };
  };
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    const { id, method, params } = JSON.parse(line);
    if (!method) continue;
    try {
      send({ id, result: await answer(method, params) });
    } catch (error) {
      const message = error?.message ?? String(error);
      const data = error?.code
        ? { is_panic: false, message, meta: error.meta, error_code: error.code }
        : { is_panic: false, message, backtrace: error?.stack ?? null };
      const code = error?.code ? rpcKnownError : rpcUnknownError;
      send({ id, error: { code, message: 'An error happened. Check the data field for details.', data } });
    }
  }
}

const [datasource] = option('--datasource');
const address = (datasource ? JSON.parse(datasource).url : undefined) ?? 'postgresql://localhost:1/none';
if (argv.includes('--version')) {
  console.log(`schema-engine-wasm ${(await loadEngine()).version()}`);
} else if (argv.includes('cli')) {
  try {
    await runCommand(argv[argv.indexOf('cli') + 1], address);
  } catch (error) {
    reportFailure(error);
    process.exitCode = 1;
  }
} else {
  try {
    await serve(address);
  } catch (error) {
    reportFailure(error);
    process.exitCode = 1;
  }
}
process.exit();

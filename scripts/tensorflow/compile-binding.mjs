import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.mjs';

/** A C++ compiler that answers, or undefined. */
export function findCompiler(env = process.env) {
  return [env.CXX, 'c++', 'g++', 'clang++'].find((name) => name && spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** Compiles the package's binding against the library below `folder`. Throws with the compiler's first error. */
export async function compileBinding({ compiler, packageDir, headersDir, folder, signal }) {
  const libraries = readdirSync(join(folder, 'lib'));
  const library = (prefix) => libraries.find((name) => name.startsWith(prefix));
  const core = library('libtensorflow_cc.');
  const framework = library('libtensorflow_framework.');
  if (!core || !framework) throw new Error('the wheel holds no libtensorflow_cc or no libtensorflow_framework');
  mkdirSync(join(folder, 'napi-v8'), { recursive: true });
  // relative to the binding itself, so that the folder can be renamed afterwards
  const origin = process.platform === 'darwin' ? '@loader_path' : '$ORIGIN';
  const args = [
    ...['-O2', '-std=c++17', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-w'],
    ...['-I', join(folder, 'include'), '-I', headersDir],
    ...[join(packageDir, 'binding', 'tfjs_backend.cc'), join(packageDir, 'binding', 'tfjs_binding.cc')],
    ...[join(folder, 'lib', core), join(folder, 'lib', framework)],
    `-Wl,-rpath,${origin}/../lib`,
    ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
    ...['-o', join(folder, 'napi-v8', 'tfjs_binding.node')],
  ];
  const result = await runCommand(compiler, args, { signal });
  signal?.throwIfAborted();
  if (result.code === 0) return;
  throw new Error(
    `${compiler} failed: ${result.output.split('\n').find((line) => line.includes('error')) ?? result.output.split('\n').at(-1)}`,
  );
}

import { availableParallelism } from 'node:os';
import { AppError } from '#lib/errors';
import type { Engine } from './engine';
import { loadNativeBinding } from './native-binding';
import { NativeKernels } from './native-kernels';
import { Scopes } from './scopes';
import { TensorEngine } from './tensor-engine';
import { loadWasm, WasmKernels } from './wasm-kernels';

export interface EngineOptions {
  /** `auto`: native where its library loads, else wasm. */
  readonly backend: 'auto' | 'native' | 'wasm';
  /**
   * Threads of the native library. It takes them from the environment when it is loaded: the entry point assigns
   * `nativeEnvironment(threads)` before; this number is what is stored with a run. Default: all cores.
   */
  readonly threads?: number;
  /** A binding other than the one in node_modules. */
  readonly nativeLibrary?: string;
  /** Gets one line where the slower engine is used. */
  readonly log?: (line: string) => void;
}

const remedy = 'Run npm run setup:tensorflow and read its last line.';

/** One engine a process. Throws UNAVAILABLE where `native` is asked for and cannot be had. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  if (options.backend !== 'wasm') {
    const loaded = loadNativeBinding(options.nativeLibrary);
    if ('binding' in loaded) {
      const { binding } = loaded;
      const scopes = new Scopes((tensor) => kernels.free(tensor));
      const kernels = new NativeKernels(binding, scopes, options.threads ?? availableParallelism());
      return new TensorEngine(kernels, scopes);
    }
    if (options.backend === 'native') {
      throw new AppError('UNAVAILABLE', `The native engine cannot be used: ${loaded.reason}.`, { remedy });
    }
    options.log?.(`Using the wasm engine, which is far slower: ${loaded.reason}. ${remedy}`);
  }
  const core = await loadWasm();
  const scopes = new Scopes((tensor) => kernels.free(tensor));
  const kernels = new WasmKernels(core, scopes);
  return new TensorEngine(kernels, scopes);
}

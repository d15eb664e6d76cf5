import { availableParallelism, totalmem } from 'node:os';
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
  /** `gpu`: refuse anything else. `cpu` has effect through `nativeEnvironment` only, because the library looks for devices when it is loaded. */
  readonly device?: 'auto' | 'cpu' | 'gpu';
  /**
   * Threads of the native library. It takes them from the environment when it is loaded: the entry point assigns
   * `nativeEnvironment(threads)` before; this number is what is stored with a run. Default: all cores.
   */
  readonly threads?: number;
  /** A binding other than the one in node_modules. */
  readonly nativeLibrary?: string;
  /** What work is split to stay below. Default: three quarters of what this process may have. */
  readonly memoryLimitBytes?: number;
  /** Gets one line where the slower engine is used. */
  readonly log?: (line: string) => void;
}

const remedy = 'Run "plumbline setup tensorflow" and read its last line.';

/** Three quarters of the machine's memory, or of the control group's where that is less. */
function defaultMemoryLimit(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return Math.floor(0.75 * (constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()));
}

/** One engine a process. Throws UNAVAILABLE where `native` or a GPU is asked for and cannot be had. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const memoryLimitBytes = options.memoryLimitBytes ?? defaultMemoryLimit();
  if (options.backend !== 'wasm') {
    const loaded = loadNativeBinding(options.nativeLibrary);
    if ('binding' in loaded) {
      const { binding } = loaded;
      const scopes = new Scopes((tensor) => kernels.free(tensor));
      const kernels = new NativeKernels(binding, scopes, options.threads ?? availableParallelism());
      if (options.device === 'gpu' && kernels.capabilities.device !== 'gpu') {
        throw new AppError('UNAVAILABLE', `A GPU is asked for, but ${kernels.capabilities.library} sees none.`, {
          remedy: 'Run "plumbline setup tensorflow --gpu" and look at nvidia-smi; PLUMBLINE_DEVICE=auto takes the CPU instead.',
        });
      }
      return new TensorEngine(kernels, scopes, memoryLimitBytes);
    }
    if (options.backend === 'native' || options.device === 'gpu') {
      throw new AppError('UNAVAILABLE', `The native engine cannot be used: ${loaded.reason}.`, { remedy });
    }
    options.log?.(`Using the wasm engine, which is far slower: ${loaded.reason}. ${remedy}`);
  }
  const core = await loadWasm();
  const scopes = new Scopes((tensor) => kernels.free(tensor));
  const kernels = new WasmKernels(core, scopes);
  return new TensorEngine(kernels, scopes, memoryLimitBytes);
}

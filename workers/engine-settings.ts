import { availableParallelism } from 'node:os';
import type { EngineSettings } from '#lib/domain/engine-settings';
import type { EngineOptions } from '#lib/ml/engine/create-engine';
import { cudaLibraries } from '#lib/ml/engine/cuda-libraries';
import { nativeEnvironment } from '#lib/ml/engine/native-binding';

/**
 * Threads of the tensor engine: as set, else all cores. Stored with a run, which resumes only under the same number. The worker puts it
 * into the child's environment, where the native library reads it, and the child into the engine's mode.
 */
function engineThreads(settings: EngineSettings): number {
  return settings.threads ?? availableParallelism();
}

/** Conversations are written by the processor: a card that a run works on has no memory to spare. */
export function chatEngine(settings: EngineSettings): EngineSettings {
  return { ...settings, device: 'cpu' };
}

/** What a process that will compute is started with, beside `inherited`; empty for the wasm engine. */
export function engineEnvironment(
  settings: EngineSettings,
  inherited: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  if (settings.backend === 'wasm') return {};
  return nativeEnvironment(engineThreads(settings), {
    device: settings.device,
    hugePages: settings.hugePages && process.platform === 'linux',
    libraryFolders: settings.device === 'cpu' ? [] : cudaLibraries(settings.nativeLibrary ?? undefined),
    inherited,
  });
}

/** What that process makes its engine with. `log` gets one line where the slower engine is used. */
export function engineOptions(settings: EngineSettings, log: (line: string) => void): EngineOptions {
  return {
    backend: settings.backend,
    device: settings.device,
    threads: engineThreads(settings),
    ...(settings.nativeLibrary === null ? {} : { nativeLibrary: settings.nativeLibrary }),
    ...(settings.memoryLimitBytes === null ? {} : { memoryLimitBytes: settings.memoryLimitBytes }),
    log,
  };
}

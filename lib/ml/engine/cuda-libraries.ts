import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bindingFile } from './native-binding';

/** Folders of the CUDA libraries that "plumbline setup tensorflow --gpu" put beside the binding, sorted; none where it did not. */
export function cudaLibraries(libraryFile?: string): readonly string[] {
  const file = bindingFile(libraryFile);
  if (!existsSync(file)) return [];
  const nvidia = join(dirname(dirname(realpathSync(file))), 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .sort()
    .map((name) => join(nvidia, name, 'lib'))
    .filter((folder) => existsSync(folder));
}
